/**
 * Samples of the last while in event time: a ring over typed arrays that grows with the rate and
 * never drops a sample for want of room, so that the window is as long as it is said to be.
 */
export class TimeRing {
  #at: Float64Array;
  #value: Float64Array;
  #first = 0;
  #count = 0;

  constructor(capacity = 1_024) {
    this.#at = new Float64Array(capacity);
    this.#value = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** Time of the newest sample; −Infinity where there is none. */
  get lastAt(): number {
    return this.#count === 0 ? -Infinity : (this.#at[this.#slot(this.#count - 1)] as number);
  }

  /** Takes a sample, in its place where it comes late. Equal times keep the order they came in. */
  push(at: number, value: number): void {
    if (this.#count === this.#at.length) this.#grow();
    let place = this.#count;
    this.#count += 1;
    while (place > 0) {
      const before = this.#slot(place - 1);
      if ((this.#at[before] as number) <= at) break;
      const slot = this.#slot(place);
      this.#at[slot] = this.#at[before] as number;
      this.#value[slot] = this.#value[before] as number;
      place -= 1;
    }
    const slot = this.#slot(place);
    this.#at[slot] = at;
    this.#value[slot] = value;
  }

  /** Lets go of samples at or before `cutoff`. @param gone called with the value of each. */
  evict(cutoff: number, gone: (value: number) => void): void {
    while (this.#count > 0 && (this.#at[this.#first] as number) <= cutoff) {
      gone(this.#value[this.#first] as number);
      this.#first = (this.#first + 1) % this.#at.length;
      this.#count -= 1;
    }
  }

  clear(): void {
    this.#first = 0;
    this.#count = 0;
  }

  /**
   * Since when more than `share` of the samples are bad: the time of the first bad one since they
   * were last no more than that on the whole (the change point of E. S. Page, "Continuous inspection
   * schemes", 1954). Null while they are not.
   */
  excessSince(share: number, isBad: (value: number) => boolean): number | null {
    let since: number | null = null;
    let excess = 0;
    for (let index = 0; index < this.#count; index += 1) {
      const slot = this.#slot(index);
      excess += (isBad(this.#value[slot] as number) ? 1 : 0) - share;
      if (excess <= 1e-9) {
        excess = 0;
        since = null;
      } else since ??= this.#at[slot] as number;
    }
    return since;
  }

  /** The values, oldest first, in an array of their own. */
  values(): Float64Array {
    return this.#copy(this.#value);
  }

  /** Time and value of the newest, oldest first. @param limit of how many at most. */
  latest(limit: number): (readonly [at: number, value: number])[] {
    const skipped = Math.max(0, this.#count - limit);
    return Array.from({ length: this.#count - skipped }, (_, index) => {
      const slot = this.#slot(skipped + index);
      return [this.#at[slot] as number, this.#value[slot] as number] as const;
    });
  }

  /** Time and value of each, oldest first, as they are now; put together when it is called. */
  freeze(): () => (readonly [at: number, value: number])[] {
    const times = this.#copy(this.#at);
    const values = this.values();
    return () => Array.from(times, (at, index) => [at, values[index] as number] as const);
  }

  #copy(from: Float64Array): Float64Array {
    const out = new Float64Array(this.#count);
    const head = Math.min(this.#count, from.length - this.#first);
    out.set(from.subarray(this.#first, this.#first + head));
    out.set(from.subarray(0, this.#count - head), head);
    return out;
  }

  #slot(index: number): number {
    const slot = this.#first + index;
    return slot < this.#at.length ? slot : slot - this.#at.length;
  }

  #grow(): void {
    const at = new Float64Array(this.#at.length * 2);
    const value = new Float64Array(at.length);
    at.set(this.#copy(this.#at));
    value.set(this.#copy(this.#value));
    this.#at = at;
    this.#value = value;
    this.#first = 0;
  }
}
