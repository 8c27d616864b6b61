import { describe, expect, it } from 'vitest';
import { pooledRandom } from '../../../src/node/random';

describe('random bytes from a pool', () => {
  it('are as many as asked for, also more than the pool holds', () => {
    const random = pooledRandom();
    for (const length of [0, 10, 4_096, 10_000, 10]) expect(random(length)).toHaveLength(length);
  });

  it('are never given twice, and stay what they were', () => {
    const random = pooledRandom();
    const given = Array.from({ length: 1_000 }, () => random(10));
    const texts = given.map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(new Set(texts).size).toBe(given.length);
    random(10_000);
    expect(given.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(texts);
  });
});
