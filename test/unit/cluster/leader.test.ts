import { expect, it, vi } from 'vitest';
import { watchRefusals } from '../../../src/gateway/cluster/leader';

it('a leader that refuses the place that is next, again and again, is to step down; one that had others first is not', async () => {
  let last = 7;
  const stepDown = vi.fn(async () => undefined);
  const refused = watchRefusals({ othersWereFirst: async (after) => last > after, stepDown });
  for (let times = 0; times < 5; times += 1) await refused(7);
  expect(stepDown).not.toHaveBeenCalled();
  await refused(7);
  expect(stepDown).toHaveBeenCalledOnce();
  // It counts anew: an election takes some seconds.
  for (let times = 0; times < 5; times += 1) await refused(7);
  expect(stepDown).toHaveBeenCalledOnce();
  // Others are first each time.
  for (last = 8; last < 40; last += 1) await refused(last);
  expect(stepDown).toHaveBeenCalledOnce();
  // Something is there that the writer has not heard of yet.
  for (let times = 0; times < 30; times += 1) await refused(last - 1);
  expect(stepDown).toHaveBeenCalledOnce();
});
