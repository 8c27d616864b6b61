import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AT_REST,
  attempted,
  type Configured,
  type Delivery,
  deliveriesOf,
  fallbackOf,
  healthAfter,
  nextSend,
  paced,
  retryDelay,
  WELL,
} from '../../../src/shared/notify/delivery';
import {
  CHANNELS,
  type Channel,
  levelSchema,
  type Message,
} from '../../../src/shared/notify/message';
import { outcome } from '../../../src/shared/notify/outcome';
import { notificationsPolicy } from '../../support/desk';
import { message } from '../../support/notify';
import { mailSettings } from '../../support/thirdParties';

const policy = {
  ...notificationsPolicy,
  retry: { ...notificationsPolicy.retry, attempts: 8 },
};
const ALL: Configured = {
  slack: { channel: 'slack', label: '', ca: null },
  email: mailSettings(25),
  pagerduty: { channel: 'pagerduty', url: 'https://events.pagerduty.com/v2/enqueue', ca: null },
};
const RETRY = outcome('retry', 'server_error', 503, '');
const OUTCOMES = [
  outcome('delivered', 'delivered', 200, 'ok'),
  RETRY,
  outcome('retry', 'rate_limited', 429, '', 5_000),
  outcome('refused', 'bad_message', 400, ''),
];

const messages = fc
  .array(
    fc.record({
      level: fc.constantFrom(...levelSchema.options),
      key: fc.uuid(),
      gap: fc.integer({ min: 0, max: 3_000 }),
    }),
    { maxLength: 40 },
  )
  .map((all) => {
    let at = 0;
    return all.map(({ level, key, gap }) => {
      at += gap;
      const page: Message['page'] = level === 'p0' ? { action: 'trigger', keys: [key] } : null;
      return {
        at,
        message: message({ key, level, at, page, kind: level === 'p0' ? 'kill' : 'pause' }),
      };
    });
  });

/** Runs one channel to its end under virtual time. */
function run(
  channel: Channel,
  input: readonly { at: number; message: Message }[],
  draws: number[],
) {
  let now = 0;
  let drawn = 0;
  let pace = AT_REST;
  const draw = () => draws[drawn++ % draws.length] ?? 0;
  const waiting: Delivery[] = [];
  const over: Delivery[] = [];
  const sends: { at: number; ids: string[]; levels: string[] }[] = [];
  const coming = [...input];
  for (let guard = 0; guard < 5_000; guard += 1) {
    while (coming[0] && coming[0].at <= now) {
      const next = coming.shift();
      if (next)
        waiting.push(
          ...deliveriesOf(next.message, ALL, policy, now).filter((one) => one.channel === channel),
        );
    }
    let at: number | null = null;
    let sent = false;
    for (const urgent of [true, false]) {
      const next = nextSend(waiting, urgent, pace, () => 'open', policy, now);
      if (next.send.length > 0) {
        sent = true;
        sends.push({
          at: now,
          ids: next.send.map(({ id }) => id),
          levels: next.send.map(({ level }) => level),
        });
        pace = paced(pace, next.send, policy.group.windowMs, now);
        const said = OUTCOMES[Math.floor(draw() * OUTCOMES.length)] ?? RETRY;
        const jitter = draw();
        for (const one of next.send) {
          waiting.splice(
            waiting.findIndex(({ id }) => id === one.id),
            1,
          );
          const after = attempted(one, said, policy.retry, now, jitter);
          if (after.state === 'waiting') waiting.push(after);
          else over.push(after);
        }
      } else if (next.at !== null) at = Math.min(at ?? Infinity, next.at);
    }
    if (sent) continue;
    const nextTime = Math.min(at ?? Infinity, coming[0]?.at ?? Infinity);
    if (nextTime === Infinity) break;
    expect(nextTime).toBeGreaterThan(now);
    now = nextTime;
  }
  return { over, sends, waiting };
}

describe('a channel', () => {
  it('loses nothing, keeps its pace, tells P0 one by one and never tries what was refused again', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CHANNELS),
        messages,
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 50 }),
        (channel, input, draws) => {
          const { over, sends, waiting } = run(channel, input, draws);
          expect(waiting).toEqual([]);
          const expected = input.flatMap(({ message: one, at }) =>
            deliveriesOf(one, ALL, policy, at).filter((delivery) => delivery.channel === channel),
          );
          expect(over.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort());
          for (const one of over) {
            expect(one.attempts).toBeLessThanOrEqual(policy.retry.attempts);
            expect(sends.filter(({ ids }) => ids.includes(one.id))).toHaveLength(one.attempts);
          }
          for (const { ids, levels } of sends) {
            if (levels.includes('p0')) expect(ids).toHaveLength(1);
          }
          const times = sends.map(({ at }) => at);
          times.slice(1).forEach((at, index) => {
            expect(at - (times[index] ?? 0)).toBeGreaterThanOrEqual(policy.spacingMs[channel]);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('waits at random up to a ceiling that doubles, and as long as it is asked to', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.option(fc.integer({ min: 0, max: 10_000_000 })),
        (attempts, random, asked) => {
          const { baseMs, maxMs, retryAfterMaxMs } = policy.retry;
          const wait = retryDelay(attempts, asked, policy.retry, random);
          const least = Math.min(asked ?? 0, retryAfterMaxMs);
          expect(wait).toBeGreaterThanOrEqual(least);
          expect(wait).toBeLessThanOrEqual(least + Math.min(maxMs, baseMs * 2 ** (attempts - 1)));
        },
      ),
    );
  });

  it('what is not P0 leaves within five seconds, whatever comes, with a kill among it', () => {
    const kill = fc.record({ at: fc.integer({ min: 0, max: 60_000 }), key: fc.uuid() });
    const other = fc.record({ at: fc.integer({ min: 0, max: 60_000 }), key: fc.uuid() });
    fc.assert(
      fc.property(
        fc.array(other, { minLength: 1, maxLength: 120, size: 'max' }),
        fc.array(kill, { maxLength: 1 }),
        (others, kills) => {
          const input = [
            ...others.map((one) => ({ ...one, kind: 'alert', level: 'critical' }) as const),
            ...kills.map((one) => ({ ...one, kind: 'kill', level: 'p0' }) as const),
          ]
            .sort((a, b) => a.at - b.at)
            .map(({ at, ...about }) => ({ at, message: message({ ...about, at, page: null }) }));
          const { sends } = run('slack', input, [0]);
          for (const { at, message: one } of input) {
            const sent = sends.find(({ ids }) => ids.includes(`${one.key}|slack|es`));
            expect((sent?.at ?? Infinity) - at).toBeLessThan(5_000);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a thousand alerts in ten seconds are a handful of messages', () => {
    const storm = Array.from({ length: 1_000 }, (_, n) => ({
      at: n * 10,
      message: message({ key: `a${n}`, level: 'warning', kind: 'alert', page: null, at: n * 10 }),
    }));
    const { sends, over } = run('slack', storm, [0]);
    expect(over).toHaveLength(1_000);
    expect(sends.length).toBeLessThanOrEqual(8);
  });

  it('is red after so many failures in a row, at once where it is set up wrongly, and well after a yes', () => {
    let health = WELL;
    for (let n = 0; n < policy.failingAfter - 1; n += 1) {
      health = healthAfter(health, RETRY, policy.failingAfter);
      expect(health.failing).toBe(false);
    }
    expect(healthAfter(health, RETRY, policy.failingAfter).failing).toBe(true);
    const wrong = outcome('refused', 'unauthorized', 403, '');
    expect(healthAfter(WELL, wrong, policy.failingAfter).failing).toBe(true);
    const yes = outcome('delivered', 'delivered', 200, 'ok');
    expect(healthAfter({ failures: 9, failing: true }, yes, policy.failingAfter)).toEqual(WELL);
  });
});

describe('who is told', () => {
  const channels = (change: Partial<Message>) =>
    deliveriesOf(message(change), ALL, policy, 0).map(({ channel }) => channel);

  it('goes by level; PagerDuty has P0 alone', () => {
    expect(channels({ level: 'info', page: null })).toEqual(['slack']);
    expect(channels({ level: 'critical' })).toEqual(['slack', 'email']);
    expect(channels({ level: 'p0' })).toEqual(['slack', 'email', 'pagerduty']);
    expect(channels({ level: null, page: { action: 'resolve', keys: ['a', 'b'] } })).toEqual([
      ...['pagerduty', 'pagerduty'],
    ]);
  });

  it('each reader in his language', () => {
    const recipients = [
      { address: 'a@x.co', language: null },
      { address: 'b@x.co', language: 'en' as const },
    ];
    const configured = { email: mailSettings(25, { recipients }) };
    const made = deliveriesOf(message({ level: 'critical' }), configured, policy, 0);
    expect(made.map(({ language }) => language)).toEqual(['es', 'en']);
  });

  it('another channel takes over, PagerDuty for P0 alone', () => {
    const given = (level: Message['level'], tried: Channel[]) =>
      fallbackOf(message({ level }), new Set(tried), ALL, new Set(), policy);
    expect(given('warning', ['slack'])).toBe('email');
    expect(given('warning', ['slack', 'email'])).toBeNull();
    expect(given('p0', ['slack', 'email'])).toBe('pagerduty');
    const failing = new Set<Channel>(['email']);
    expect(
      fallbackOf(message({ level: 'info' }), new Set(['slack']), ALL, failing, policy),
    ).toBeNull();
  });

  it('a kill first, however many alerts of P0 came before it', () => {
    const of = (change: Partial<Message>) =>
      deliveriesOf(message(change), { slack: ALL.slack as never }, policy, 0);
    const alerts = [1, 2, 3].flatMap((n) => of({ kind: 'alert', key: `alert:${n}` }));
    const next = nextSend([...alerts, ...of({})], true, AT_REST, () => 'open', policy, 0);
    expect(next.send.map(({ key }) => key)).toEqual(['kill:1']);
  });

  it('a page is closed after its trigger was taken, never before, and not where there is none', () => {
    const close = deliveriesOf(
      message({ level: null, page: { action: 'resolve', keys: ['kill:1'] } }),
      ...([ALL, policy, 0] as const),
    );
    const next = (state: 'waiting' | 'open' | 'none') =>
      nextSend(close, true, AT_REST, () => state, policy, 0);
    expect(next('waiting')).toMatchObject({ send: [], drop: [] });
    expect(next('open').send).toHaveLength(1);
    expect(next('none')).toMatchObject({ send: [], drop: close });
  });
});
