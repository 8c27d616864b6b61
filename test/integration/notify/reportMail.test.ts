import { afterEach, describe, expect, it } from 'vitest';
import { reportsByMail } from '../../../src/gateway/reports/byMail';
import { NODE_TIMERS } from '../../../src/node/notify/lanes';
import type { SettingsOf } from '../../../src/shared/notify/channels';
import type { ReportMail } from '../../../src/shared/reports/delivery';
import { quickPolicies } from '../../support/desk';
import { MAIL_LOGIN, type MailServer, mailSettings, openMail } from '../../support/thirdParties';

let server: MailServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const PDF = Buffer.from('%PDF-1.7 the pages');
const MAIL: ReportMail = {
  ...{ key: 'report:r1:es', subject: 'Vigía: informe', html: '<p>hola</p>', text: 'hola' },
  attachments: [{ name: 'informe.pdf', type: 'application/pdf', content: PDF }],
  recipients: ['junta@mesa.co', 'cro@mesa.co'],
};

function sender(channel: SettingsOf<'email'> | null, password: string | null) {
  const { retry, sendTimeoutMs } = quickPolicies.notifications.document;
  return reportsByMail({
    ...{ channel: () => channel, password: () => password, jitter: () => 0 },
    policy: () => ({ retry: { ...retry, baseMs: 10, maxMs: 10, attempts: 3 }, sendTimeoutMs }),
    timers: NODE_TIMERS,
  });
}

describe('a report by e-mail', () => {
  it('goes by the desk’s channel to the report’s own recipients, with its PDF whole', async () => {
    server = await openMail();
    const said = await sender(mailSettings(server.port), MAIL_LOGIN.password)(
      MAIL,
      new AbortController().signal,
    );
    expect(said.outcome).toBe('sent');
    const [mail] = server.mails;
    expect(mail).toMatchObject({ from: 'vigia@mesa.co', secure: true, to: MAIL.recipients });
    expect(mail?.raw).toContain('Message-ID: <report.r1.es@vigia.invalid>');
    expect(mail?.raw).toContain('filename=informe.pdf');
    expect(mail?.raw).toContain(PDF.toString('base64'));
  });

  it('is tried again where the server is busy, and says what it said where it will not have it', async () => {
    let asked = 0;
    server = await openMail({
      onMailFrom(_address, _session, done) {
        asked += 1;
        if (asked === 1) done(Object.assign(new Error('busy'), { responseCode: 451 }));
        else done();
      },
    });
    expect(
      await sender(mailSettings(server.port), MAIL_LOGIN.password)(
        MAIL,
        new AbortController().signal,
      ),
    ).toMatchObject({
      outcome: 'sent',
    });
    expect(server.mails).toHaveLength(1);
    const refused = await sender(mailSettings(server.port), 'otra clave')(
      MAIL,
      new AbortController().signal,
    );
    expect(refused.outcome).toBe('failed');
    expect(refused.detail).toContain('unauthorized');
    expect(refused.detail).not.toContain('otra clave');
  });

  it('is not tried again by a gateway that has stopped', async () => {
    const stopping = new AbortController();
    let asked = 0;
    server = await openMail({
      onMailFrom(_address, _session, done) {
        asked += 1;
        stopping.abort();
        done(Object.assign(new Error('busy'), { responseCode: 451 }));
      },
    });
    const said = await sender(mailSettings(server.port), MAIL_LOGIN.password)(
      MAIL,
      stopping.signal,
    );
    expect(said.outcome).toBe('failed');
    expect(asked).toBe(1);
  });

  it('says that there is no channel', async () => {
    expect(await sender(null, null)(MAIL, new AbortController().signal)).toMatchObject({
      outcome: 'no_channel',
    });
  });
});
