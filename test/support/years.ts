import type { KeyObject } from 'node:crypto';
import { sha256 } from '../../src/node/sha256';
import { rawPublicKey } from '../../src/node/signedNote';
import type { Json } from '../../src/shared/log/canonical';
import { type SealedEvent, seal } from '../../src/shared/log/chain';
import { EMPTY_LOG } from '../../src/shared/log/event';
import type { Deletion } from '../../src/shared/retention/retention';

const DAY = 86_400_000;
const LUIS = { id: 'luis', role: 'cto', terminal: 't1' };

export function publicKeyOf(key: KeyObject): string {
  return rawPublicKey(key).toString('base64');
}

/** Puts an event at the end of a chain. */
export function add(
  chain: SealedEvent[],
  type: string,
  ts: number,
  data: Record<string, Json>,
): SealedEvent {
  const id = `018f0000-0000-7000-8000-${chain.length.toString(16).padStart(12, '0')}`;
  const draft = { id, ts, type, actor: LUIS, commandId: null, reason: 'plazo cumplido', data };
  const sealed = seal(draft, chain.at(-1)?.event ?? EMPTY_LOG, sha256);
  chain.push(sealed);
  return sealed;
}

/** A log of some events in each of these years, the first of them naming the key. */
export function yearsChain(
  key: KeyObject,
  years: readonly number[],
  eventsAYear: number,
): SealedEvent[] {
  const chain: SealedEvent[] = [];
  for (const year of years) {
    for (let index = 0; index < eventsAYear; index += 1) {
      const ts = Date.parse(`${year}-02-01T12:00:00Z`) + index * DAY;
      if (chain.length === 0) {
        const about = { epoch: 'e', gatewayId: 'g', environment: 'paper' };
        add(chain, 'log.opened', ts, { ...about, publicKey: publicKeyOf(key) });
      } else {
        add(chain, 'terminal.reported', ts, { kind: 'drill', detail: `secreto${year} ${index}` });
      }
    }
  }
  return chain;
}

/** Puts the deletion of the record's years up to `last` at the end of a chain. */
export function addDeletion(
  chain: SealedEvent[],
  key: KeyObject,
  { year, first, last, ts }: { year: number; first: number; last: number; ts: number },
): Deletion {
  const hash = chain[last - 1]?.event.hash ?? '';
  const audit = { first, last, hash, publicKey: publicKeyOf(key) };
  const data = { kind: 'audit' as const, year, keptUntil: `${year + 7}-12-31`, audit };
  const { event } = add(chain, 'retention.deleted', ts, data);
  return { ...data, seq: event.seq, at: event.ts, by: event.actor };
}
