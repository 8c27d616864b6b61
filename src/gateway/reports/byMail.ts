import type { Timers } from '../../node/notify/lanes';
import { redact } from '../../node/notify/send';
import type { SettingsOf } from '../../shared/notify/channels';
import { retryDelay } from '../../shared/notify/delivery';
import { messageIdOf } from '../../shared/notify/email';
import { type Outcome, outcome } from '../../shared/notify/outcome';
import { line } from '../../shared/notify/text';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { ReportMail } from '../../shared/reports/delivery';
import type { DeliverReport } from './keeper';

const DETAIL_MAX = 300;

/**
 * Sends reports by the desk's e-mail channel: its server and its sender, the report's recipients. What
 * a server refuses for now is tried again under the policy of notifications.
 */
export function reportsByMail(deps: {
  /** The channel as it is now; null where there is none. */
  readonly channel: () => SettingsOf<'email'> | null;
  readonly password: () => string | null;
  readonly policy: () => Pick<NotificationsPolicy, 'retry' | 'sendTimeoutMs'>;
  readonly timers: Timers;
  /** In [0, 1). */
  readonly jitter: () => number;
}): DeliverReport {
  async function attempt(mail: ReportMail): Promise<Outcome | null> {
    const settings = deps.channel();
    if (!settings) return null;
    const password = deps.password();
    if (settings.user !== null && password === null) {
      return outcome('retry', 'not_configured', null, 'its secret is not at this gateway');
    }
    const { key, subject, html, text, attachments, recipients } = mail;
    // Only who sends mail loads it: a program's start does not.
    const { sendLetter } = await import('../../node/notify/mail');
    return sendLetter(
      settings,
      { key, subject, html, text, attachments, to: recipients, messageId: messageIdOf(key) },
      { password, timeoutMs: deps.policy().sendTimeoutMs },
    );
  }

  return async (mail, signal) => {
    for (let attempts = 1; ; attempts += 1) {
      const said = await attempt(mail);
      if (!said) return { outcome: 'no_channel', detail: 'no e-mail channel is set up' };
      const detail = line(redact(said.answer, deps.password()), DETAIL_MAX);
      if (said.kind === 'delivered') return { outcome: 'sent', detail };
      const { retry } = deps.policy();
      if (said.kind === 'refused' || attempts >= retry.attempts) {
        return { outcome: 'failed', detail: `${said.code}: ${detail}` };
      }
      const wait = retryDelay(attempts, said.retryAfterMs, retry, deps.jitter());
      await waited(deps.timers, wait, signal);
      // The next gateway sends it: it is on record that nothing came of it yet.
      if (signal.aborted) return { outcome: 'failed', detail: 'the gateway stopped' };
    }
  };
}

/** Resolves after a time, or as soon as it is aborted; leaves no timer behind. */
function waited(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      timers.clear(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = timers.set(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
