import { join } from 'node:path';
import { Notification, safeStorage } from 'electron';
import { NODE_TIMERS } from '../../node/notify/lanes';
import { send } from '../../node/notify/send';
import type { Level } from '../../shared/notify/message';
import type { NotificationsPolicy } from '../../shared/policy/notifications';
import type { Environment } from '../../shared/protocol/engine';
import type { Settings } from '../../shared/settings';
import type { Clock } from '../../shared/time';
import { createDesktopNotices } from './desktop';
import { createEmergency, type Emergency } from './emergency';
import { openOwnChannels } from './ownChannels';
import { electronVault } from './vault';

/** What is told away from the screen: by the terminal's own channels, and on this desktop. */
export function createNotices(deps: {
  readonly userData: string;
  readonly clock: Clock;
  readonly policy: () => NotificationsPolicy;
  readonly settings: () => Settings;
  readonly desk: () => { readonly name: string; readonly environment: Environment };
  readonly operator: () => string;
  readonly changed: () => void;
  readonly onClick: () => void;
  readonly sound: (level: Level) => void;
}): { readonly emergency: Emergency; readonly desktop: ReturnType<typeof createDesktopNotices> } {
  const { policy, clock, settings, desk, operator, changed, sound } = deps;
  const emergency = createEmergency({
    ...{ policy, clock, changed, desk, operator, jitter: Math.random, timers: NODE_TIMERS },
    channels: openOwnChannels(join(deps.userData, 'own-channels.json'), electronVault(safeStorage)),
    send: (what) => send(what, clock),
  });
  const desktop = createDesktopNotices({
    ...{ policy, clock, sound },
    language: () => settings().language,
    least() {
      const { desktopNotices } = settings();
      return desktopNotices === 'off' ? null : desktopNotices;
    },
    context(language) {
      const { name, environment } = desk();
      return { language, runbook: policy().runbook, deskName: name, environment };
    },
    show(title, body, urgent) {
      if (!Notification.isSupported()) return;
      const notice = new Notification({ title, body, urgency: urgent ? 'critical' : 'normal' });
      notice.on('click', deps.onClick);
      // After this turn: a desktop's service may take its time to answer.
      setImmediate(() => notice.show());
    },
  });
  return { emergency, desktop };
}
