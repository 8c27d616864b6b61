import { describe, expect, it } from 'vitest';
import type { AuditDesk } from '../../../src/main/audit/auditDesk';
import { auditHandlers } from '../../../src/main/audit/handlers';
import { createPastGuard } from '../../../src/main/audit/past';

const WINDOW = 1;
const THEN = { ts: 5, seq: 5 };

function desk() {
  const guard = createPastGuard();
  const answers: ((past: object | null) => void)[] = [];
  const audit = {
    past: () => new Promise<object | null>((answer) => answers.push(answer)),
  } as unknown as AuditDesk;
  const call = auditHandlers(audit, guard)['audit.past'];
  const go = (at: { seq: number } | null) => call({ source: 'own', at }, WINDOW);
  const commands = () => guard.refuses('command.send', WINDOW) === null;
  return { guard, answers, go, commands };
}

describe('a window in the past', () => {
  it('commands nothing, reads, and is back in the present with a kill', async () => {
    const { guard, answers, go, commands } = desk();
    const asked = go({ seq: 5 });
    expect(commands()).toBe(true);
    answers[0]?.(THEN);
    expect(await asked).toBe(THEN);
    expect(guard.refuses('command.send', WINDOW)?.code).toBe('in_the_past');
    expect(guard.refuses('audit.page', WINDOW)).toBeNull();
    expect(guard.refuses('kill.fire', WINDOW)).toBeNull();
    expect(commands()).toBe(true);
  });

  it('is not taken back by an answer that comes after it left, by itself or with a kill', async () => {
    const { guard, answers, go, commands } = desk();
    const first = go({ seq: 5 });
    await go(null);
    answers[0]?.(THEN);
    expect(await first).toBeNull();
    expect(commands()).toBe(true);
    const second = go({ seq: 6 });
    guard.refuses('kill.fire', WINDOW);
    answers[1]?.(THEN);
    expect(await second).toBeNull();
    expect(commands()).toBe(true);
  });

  it('stays there when it asks for what the record does not reach, and goes where it asked last', async () => {
    const { answers, go, commands } = desk();
    const first = go({ seq: 5 });
    answers[0]?.(THEN);
    await first;
    const beyond = go({ seq: 99 });
    answers[1]?.(null);
    expect(await beyond).toBeNull();
    expect(commands()).toBe(false);
    const older = go({ seq: 4 });
    const newer = go({ seq: 3 });
    answers[3]?.(THEN);
    answers[2]?.(THEN);
    expect([await older, await newer]).toEqual([null, THEN]);
  });
});
