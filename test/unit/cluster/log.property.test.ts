import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClusterLog } from '../../../src/gateway/cluster/log';
import type { Fact } from '../../../src/gateway/facts';
import type { GatewayLog, Proposed } from '../../../src/gateway/log';
import { sha256 } from '../../../src/node/sha256';
import { SqliteEventStore } from '../../../src/node/sqliteEventStore';
import { type Fate, MemoryStream } from './memoryStream';
import '../../support/properties';

const { privateKey: key } = generateKeyPairSync('ed25519');
const fact = (detail: string, holds?: Fact['holds']): Fact => ({
  type: 'terminal.reported',
  data: { kind: 'drill', detail },
  ...(holds && { holds }),
});

interface Node {
  readonly log: GatewayLog;
  readonly end: ReturnType<MemoryStream['end']>;
  readonly store: SqliteEventStore;
  readonly heard: string[];
}

async function open(stream: MemoryStream): Promise<Node> {
  const end = stream.end();
  const store = new SqliteEventStore(':memory:', sha256);
  const log = await createClusterLog({
    ...{ store, stream: end, sha256, key, origin: 'test', checkpointEvery: 7, random: randomBytes },
    ...{ clock: Date.now, uptime: () => performance.now(), signs: () => true, retryMs: 1 },
  });
  const heard: string[] = [];
  log.onRecorded((event) => heard.push(event.id));
  return { log, end, store, heard };
}

/** Until a condition holds, looked at after each thing that is saved anywhere. */
async function until(nodes: readonly Node[], holds: () => boolean): Promise<void> {
  while (!holds()) {
    for (const { end } of nodes) end.wake();
    await new Promise((go) => setImmediate(go));
  }
}

const step = fc.oneof(
  fc.record({
    does: fc.constant('append' as const),
    node: fc.nat(2),
    many: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    does: fc.constant('propose' as const),
    node: fc.nat(2),
    many: fc.integer({ min: 1, max: 2 }),
  }),
  fc.record({
    does: fc.constant('fate' as const),
    node: fc.nat(2),
    fate: fc.constantFrom<Fate>('lost', 'unanswered', 'refused'),
  }),
  fc.record({
    does: fc.constantFrom('cut' as const, 'heal' as const, 'breathe' as const),
    node: fc.nat(2),
  }),
);

describe('a log that three gateways write to', () => {
  it('is one chain with every fact once, whatever the network does to whom', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const stream = new MemoryStream();
        const nodes = [await open(stream), await open(stream), await open(stream)];
        const appended: string[] = [];
        const outcomes = new Map<string, Proposed[]>();
        let count = 0;
        const name = () => {
          count += 1;
          return `fact ${count}`;
        };
        for (const one of steps) {
          const { log, end } = nodes[one.node] as Node;
          switch (one.does) {
            case 'append': {
              const names = Array.from({ length: one.many }, name);
              appended.push(...names);
              log.append(...names.map((detail) => fact(detail)));
              break;
            }
            case 'propose': {
              const names = Array.from({ length: one.many }, name);
              const heard: Proposed[] = [];
              outcomes.set(names.join(), heard);
              log.propose(
                () => names.map((detail) => fact(detail)),
                (outcome) => heard.push(outcome),
              );
              break;
            }
            case 'fate':
              end.fates.push(one.fate);
              break;
            case 'cut':
              end.cutOff = true;
              break;
            case 'heal':
              end.cutOff = false;
              end.wake();
              break;
            case 'breathe':
              await new Promise((go) => setImmediate(go));
          }
        }
        for (const { end } of nodes) {
          end.cutOff = false;
          end.fates.length = 0;
        }
        await until(
          nodes,
          () =>
            nodes.every(
              ({ log }) =>
                log.health().unsavedEvents === 0 &&
                log.savedHead().hash === nodes[0]?.log.savedHead().hash,
            ) && [...outcomes.values()].every((heard) => heard.length > 0),
        );
        await until(nodes, () =>
          nodes.every(({ store }) => store.head().hash === nodes[0]?.log.savedHead().hash),
        );
        const [first] = nodes as [Node, ...Node[]];
        expect(first.store.verify()).toMatchObject({ ok: true });
        const events = await first.store.read(1, 10_000);
        const details = events.map(({ data }) => String(data.detail));
        expect(new Set(details).size).toBe(details.length);
        for (const detail of appended) expect(details).toContain(detail);
        for (const [names, heard] of outcomes) {
          // Settled once, and as the log has it.
          expect(heard).toHaveLength(1);
          const there = names.split(',').map((detail) => details.includes(detail));
          expect(there).toEqual(there.map(() => heard[0]?.ok === true));
        }
        for (const { log, heard } of nodes) {
          // Everybody hears of everything once, and ends with the same state.
          expect([...heard].sort()).toEqual(events.map(({ id }) => id).sort());
          expect(log.state()).toEqual(first.log.state());
        }
        for (const { log } of nodes) await log.stop();
      }),
      { numRuns: 60 },
    );
  });
});
