import { beforeEach, expect, it } from 'vitest';
import { type CommandDesk, createCommandDesk } from '../../../src/main/commands';
import type { ControlRequest } from '../../../src/shared/protocol/terminal';

const WITHIN_MS = 10_000;
let now: number;
let live: boolean;
let sent: ControlRequest[];
let desk: CommandDesk;

beforeEach(() => {
  now = 1_000_000;
  live = true;
  sent = [];
  let ids = 0;
  desk = createCommandDesk({
    control(request) {
      if (live) sent.push(request);
      return live;
    },
    clock: () => now,
    newId() {
      ids += 1;
      return `id-${ids}`;
    },
    sayAgainWithinMs: WITHIN_MS,
    changed: () => undefined,
  });
});

const about = { scope: { kind: 'all' as const }, reason: 'x', origin: 'panel' as const };
const pause = () => desk.send('pause', { ...about, fence: null }) ?? '';
const resume = () =>
  desk.send('resume', {
    ...{ ...about, confirmation: 'CONFIRM_RESUME' },
    checklist: { causeUnderstood: true, positionsReviewed: true, teamNotified: true },
  }) ?? '';
const stage = (id: string) => desk.view().find((one) => one.id === id)?.stage;

/** The link is lost and stands again, perhaps at another gateway, which knows nothing of the command. */
function lostAndUnknown(id: string): void {
  desk.linkLost();
  expect(stage(id)).toBe('unknown');
  sent = [];
  desk.linkUp();
  // Asked about, and nothing more, until that is answered.
  expect(sent).toEqual([{ type: 'query', id }]);
  sent = [];
  desk.answer({ type: 'answer', id, stage: 'unknown' });
}

it('what only stops is said again under its id, the very command, where it is not known', () => {
  const id = pause();
  const [first] = sent;
  lostAndUnknown(id);
  expect(sent).toEqual([first]);
  expect(stage(id)).toBe('sent');
  desk.answer({ type: 'answer', id, stage: 'accepted', seq: 3, unsaved: false });
  lostAndUnknown(id);
  expect(sent).toEqual([first]);
});

it('what lets trading go on is never said again by itself: the operator is told it did not arrive', () => {
  const id = resume();
  lostAndUnknown(id);
  expect(sent).toEqual([]);
  expect(desk.view()[0]).toMatchObject({ id, stage: 'rejected', code: 'unavailable' });
});

it('nothing is said again once its moment is past, whichever way a clock was set', () => {
  for (const away of [WITHIN_MS + 1, -WITHIN_MS - 1]) {
    const id = pause();
    now += away;
    lostAndUnknown(id);
    expect(sent).toEqual([]);
    expect(stage(id)).toBe('rejected');
  }
});

it('is only asked about where the gateway answers what became of it', () => {
  const id = pause();
  desk.linkLost();
  desk.linkUp();
  sent = [];
  desk.answer({ type: 'answer', id, stage: 'done', summary: 'paused' });
  expect(stage(id)).toBe('done');
  desk.answer({ type: 'answer', id, stage: 'unknown' });
  expect(sent).toEqual([]);
});

it('one that cannot be said again, the link being gone once more, is not called refused', () => {
  const id = pause();
  desk.linkLost();
  desk.linkUp();
  live = false;
  desk.answer({ type: 'answer', id, stage: 'unknown' });
  expect(stage(id)).toBe('unknown');
});

it('one that a gateway did not know yet and the log has is asked about again', () => {
  const id = resume();
  lostAndUnknown(id);
  desk.logged('another');
  expect(sent).toEqual([]);
  desk.logged(id);
  expect(sent).toEqual([{ type: 'query', id }]);
  desk.answer({ type: 'answer', id, stage: 'accepted', seq: 3, unsaved: false });
  expect(desk.view()[0]).toMatchObject({ stage: 'accepted', code: null, message: null });
});
