import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GatewayOptions } from '../../../src/gateway/gateway';
import type { ReportMail } from '../../../src/shared/reports/delivery';
import { type LinkProxy, openProxy } from '../../chaos/proxy';
import { type Member, openMember } from '../../support/cluster';
import { type NatsServers, startNats, WHY_NO_NATS } from '../../support/nats';
import { dailyAt } from '../../support/reports';
import { TestTerminal } from '../../support/testTerminal';

const HOUR = 3_600_000;
/** Of several parts at the servers. */
const PDF = Buffer.concat([Buffer.from('%PDF-1.7 '), randomBytes(1_500_000)]);

let servers: NatsServers;
let mails: ReportMail[];
const members: Member[] = [];
const links: LinkProxy[] = [];
const terminals: TestTerminal[] = [];

async function open(node: string, policies: GatewayOptions['policies'], keyFrom?: string) {
  const link = await openProxy(() => 0);
  link.target(Number(servers.addresses[0]?.split(':')[1]));
  links.push(link);
  const deliverReport: GatewayOptions['deliverReport'] = async (mail) => {
    mails.push(mail);
    return { outcome: 'sent', detail: '' };
  };
  const member = await openMember([`127.0.0.1:${link.port}`], node, {
    ...{ replicas: 1, change: { policies, deliverReport } },
    ...(keyFrom !== undefined && { keyFrom }),
  });
  members.push(member);
  const terminal = await TestTerminal.open(member.gateway.port, 'ana');
  terminals.push(terminal);
  return { ...member, link, terminal };
}

const call = ({ gateway }: Member, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${gateway.port}/reports/${path}`, {
    ...{ headers: { authorization: 'Bearer ana' }, ...init },
  });
const put = (to: Member, report: string) =>
  call(to, `${report}/es.pdf`, { method: 'PUT', body: new Uint8Array(PDF) });

async function bytes(at: Member, report: string, file: string): Promise<Buffer> {
  const answer = await call(at, `${report}/${file}`);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

beforeEach(async () => {
  servers = await startNats();
  mails = [];
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) terminal.socket.terminate();
  for (const link of links) link.set({ kind: 'none' });
  await Promise.all(members.splice(0).map(({ gateway }) => gateway.stop()));
  await Promise.all(links.splice(0).map((link) => link.close()));
  await servers.stop();
}, 60_000);

describe.skipIf(WHY_NO_NATS !== null)('a report of a desk with several gateways', () => {
  it('is had from the next one when the one that made it is gone, to the byte', async () => {
    const policies = dailyAt(Date.now() + 2_000, { pdfWithinMs: 50 });
    const norte = await open('norte', policies);
    await norte.terminal.until(() => norte.terminal.ops.reports.made.length === 1);
    const centro = await open('centro', policies, norte.dataDir);
    const id = norte.terminal.ops.reports.made[0]?.id ?? '';
    expect((await put(norte, id)).status).toBe(200);
    const files = ['report.json', 'es.html', 'es.pdf'] as const;
    const made = await Promise.all(files.map((file) => bytes(norte, id, file)));
    norte.link.set({ kind: 'refuse' });
    norte.link.cut();
    await centro.terminal.until(() => centro.terminal.ops.acting?.node === 'centro');
    for (const [at, file] of files.entries()) {
      expect((await bytes(centro, id, file)).equals(made[at] as Buffer)).toBe(true);
    }
    expect((await call(centro, `${id}/en.pdf`)).status).toBe(404);
    expect((await call(centro, `${id}/en.html`)).status).toBe(404);
    expect((await call(centro, `${crypto.randomUUID()}/es.pdf`)).status).toBe(404);
  }, 60_000);

  it('goes by mail with a printing that was given to another gateway than makes it', async () => {
    const policies = dailyAt(Date.now() + 4_000, { pdfWithinMs: HOUR });
    const norte = await open('norte', policies);
    await norte.terminal.until(() => norte.terminal.ops.acting?.node === 'norte');
    const centro = await open('centro', policies, norte.dataDir);
    const { terminal } = centro;
    await terminal.until(() => terminal.ops.reports.made.length === 1);
    const id = terminal.ops.reports.made[0]?.id ?? '';
    expect(await (await put(centro, id)).json()).toEqual({ taken: true });
    await terminal.until(() => terminal.ops.reports.made[0]?.delivered !== null);
    expect(terminal.ops.reports.made[0]?.delivered).toMatchObject({ outcome: 'sent', pdf: true });
    const attached = mails[0]?.attachments[0]?.content as Uint8Array;
    expect(Buffer.from(attached).equals(PDF)).toBe(true);
    expect(await (await put(norte, id)).json()).toEqual({ taken: false });
  }, 60_000);
});
