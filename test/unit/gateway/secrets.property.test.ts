import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealBucket, type TextBucket } from '../../../src/gateway/cluster/bucket';
import { type DeskSecrets, type KeptSecret, keepDeskSecrets } from '../../../src/gateway/secrets';
import type { LogEvent } from '../../../src/shared/log/event';
import type { ChannelRecord } from '../../../src/shared/notify/state';
import { INITIAL_OPS_STATE, type OpsState } from '../../../src/shared/ops/state';
import { secretsInUse, secretWord } from '../../../src/shared/secrets';
import { newDataDir } from '../../support/desk';

const CHANNELS = ['slack', 'email'] as const;
const GATEWAYS = 3;

/** What a gateway of the model may do, with who does it or which of what is on its way. */
const moves = fc.record({
  what: fc.constantFrom(
    ...(['configure', 'configure', 'configure', 'accept', 'accept', 'refuse', 'remove'] as const),
    ...(['turn', 'turn', 'hear', 'look', 'wipe', 'servers'] as const),
    ...(['answer', 'answer', 'answer', 'answer'] as const),
  ),
  who: fc.nat(GATEWAYS - 1),
  which: fc.nat(7),
});
type Servers = 'up' | 'down' | 'answers are lost';
const SERVERS: readonly Servers[] = ['up', 'up', 'up', 'down', 'answers are lost'];

/** A log of channels and turns, as far as each gateway has heard of it. */
function folded(state: OpsState, event: LogEvent): OpsState {
  const data = event.data as { channel: string; version: string; node: string; token: number };
  const { [data.channel as 'slack']: _gone, ...others } = state.notify.channels;
  if (event.type === 'gateway.acting') {
    return { ...state, acting: { ...data, since: 0 } as OpsState['acting'] };
  }
  if (event.type === 'channel.removed') return { ...state, notify: { channels: others } };
  const record = { secretSet: true, secretVersion: data.version } as ChannelRecord;
  return { ...state, notify: { channels: { ...others, [data.channel]: record } } };
}

describe('secrets of several gateways', () => {
  it('that are in use are at the servers at any moment, and in the end those alone and everywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(moves, { maxLength: 60 }), async (order, all) => {
        const stored = new Map<string, string>();
        let servers: Servers = 'up';
        const served = async <T>(work: () => T): Promise<T> => {
          await order.schedule(Promise.resolve());
          if (servers === 'down') throw new Error('nobody answers');
          const result = work();
          if (servers !== 'up') throw new Error('the answer is lost');
          return result;
        };
        const bucket: TextBucket = {
          get: (key) => served(() => stored.get(key) ?? null),
          put: (key, text) => served(() => void stored.set(key, text)),
          remove: (key) => served(() => void stored.delete(key)),
          keys: () => served(() => [...stored.keys()]),
        };
        const log: LogEvent[] = [];
        const texts = new Map<string, string>();
        let head = INITIAL_OPS_STATE;
        const onTheirWay: { of: Gateway; secret: KeptSecret }[] = [];
        let ids = 0;

        class Gateway {
          state = INITIAL_OPS_STATE;
          heard = 0;
          dir = newDataDir();
          listener: (event: LogEvent) => void = () => undefined;
          secrets: DeskSecrets;
          /** Who is started anew has no turn, and the one before it does nothing more. */
          life = 0;
          constructor(readonly name: string) {
            this.secrets = this.open();
          }
          node = () => `${this.name} ${this.life}`;
          acts = () => this.state.acting?.node === this.node();
          open(): DeskSecrets {
            const { life } = this;
            return keepDeskSecrets({
              log: {
                state: () => this.state,
                health: () => ({ unsavedEvents: 0, storeError: null }),
                onRecorded: (listener) => {
                  this.listener = listener;
                  return () => undefined;
                },
              },
              dataDir: this.dir.path,
              newId: () => `00000000-0000-7000-8000-${String(++ids).padStart(12, '0')}`,
              shared: {
                bucket: sealBucket(bucket, new Uint8Array(32)),
                turn: () => (life === this.life && this.acts() ? { append: () => [] } : null),
                onForeign: (name) => expect.fail(`${name} is foreign`),
              },
            });
          }
          hear(): void {
            const event = log[this.heard];
            if (!event) return;
            this.heard += 1;
            this.state = folded(this.state, event);
            this.listener(event);
          }
          wipe(): void {
            this.secrets.stop();
            this.dir.remove();
            this.dir = newDataDir();
            this.life += 1;
            for (const one of onTheirWay.splice(0)) if (one.of !== this) onTheirWay.push(one);
            this.secrets = this.open();
          }
          end(): void {
            this.secrets.stop();
            rmSync(this.dir.path, { recursive: true, force: true });
          }
        }
        const record = (type: string, data: object): void => {
          const event = { type, data } as unknown as LogEvent;
          log.push(event);
          head = folded(head, event);
        };
        const gateways = ['norte', 'centro', 'sur'].map((node) => new Gateway(node));

        for (const { what, who, which } of all) {
          const one = gateways[who] as Gateway;
          const channel = CHANNELS[which % 2] as string;
          const pending = onTheirWay[which % Math.max(1, onTheirWay.length)];
          if (what === 'configure' && one.acts()) {
            const version = one.secrets.nextVersion();
            const name = { of: 'channel', id: channel, version } as const;
            const secret = { name, text: `secreto ${ids}` };
            one.secrets.put(secret, (refusal) => {
              if (refusal) one.secrets.release(secret);
              else onTheirWay.push({ of: one, secret });
            });
          }
          if (what === 'remove' && one.acts()) record('channel.removed', { channel });
          if ((what === 'accept' || what === 'refuse') && pending) {
            onTheirWay.splice(onTheirWay.indexOf(pending), 1);
            const { of, secret } = pending;
            const { id, version } = secret.name;
            // Decided on the whole log, which that gateway has then.
            if (what === 'accept') {
              while (of.heard < log.length) of.hear();
              if (of.secrets.mayBeUsed(version ?? '')) {
                record('channel.configured', { channel: id, version });
                texts.set(secretWord(secret.name), secret.text);
                of.hear();
              }
            }
            of.secrets.release(secret);
          }
          if (what === 'turn') {
            record('gateway.acting', { node: one.node(), token: (head.acting?.token ?? 0) + 1 });
          }
          if (what === 'turn' || what === 'hear') while (one.heard < log.length) one.hear();
          if (what === 'look') void one.secrets.look();
          if (what === 'wipe') one.wipe();
          if (what === 'servers') servers = SERVERS[which % SERVERS.length] ?? 'up';
          for (let n = 0; what === 'answer' && n <= which && order.count() > 0; n += 1) {
            await order.waitOne();
          }
          for (const name of secretsInUse(head)) {
            expect(stored.has(secretWord(name)), secretWord(name)).toBe(true);
          }
        }

        await order.waitIdle();
        servers = 'up';
        for (const { of, secret } of onTheirWay.splice(0)) of.secrets.release(secret);
        record('gateway.acting', {
          node: gateways[0]?.node(),
          token: (head.acting?.token ?? 0) + 1,
        });
        for (const one of gateways) while (one.heard < log.length) one.hear();
        for (let round = 0; round < 3; round += 1) {
          const looks = gateways.map((one) => one.secrets.look());
          await order.waitFor(Promise.all(looks));
        }
        await order.waitIdle();
        const inUse = secretsInUse(head);
        expect([...stored.keys()].toSorted()).toEqual(inUse.map(secretWord).toSorted());
        for (const one of gateways) {
          for (const name of inUse) {
            expect(one.secrets.channel(name.id as 'slack')).toBe(texts.get(secretWord(name)));
          }
          one.end();
        }
      }),
      { numRuns: 300 },
    );
  });
});
