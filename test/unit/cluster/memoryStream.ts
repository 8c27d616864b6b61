import {
  type LogStream,
  MovedOnError,
  StreamUnavailableError,
} from '../../../src/gateway/cluster/stream';

/** How the next publish of a writer fares. */
export type Fate = 'kept' | 'lost' | 'unanswered' | 'refused' | 'kept, then cut off' | 'moved on';

/**
 * The contract of a stream, in memory, with the faults a network has: for the properties of what
 * stands on it. The real one is tested in `test/integration/cluster`.
 */
export class MemoryStream {
  readonly texts: string[] = [];
  readonly #followers = new Set<() => void>();

  /** A writer's end of it. Cut off, it hears nothing and is answered nothing; held, it follows nothing. */
  end(): LogStream & { cutOff: boolean; held: boolean; fates: Fate[]; wake(): void } {
    const { texts } = this;
    const followers = this.#followers;
    const tell = () => {
      for (const follower of [...followers]) follower();
    };
    const end = {
      cutOff: false,
      held: false,
      fates: [] as Fate[],
      wake: tell,
      async publish(text: string, after: number): Promise<number> {
        await Promise.resolve();
        const fate = end.fates.shift() ?? 'kept';
        if (end.cutOff || fate === 'lost') throw new StreamUnavailableError('silence', true);
        if (fate === 'refused') throw new StreamUnavailableError('no majority', false);
        if (texts.length !== after || fate === 'moved on')
          throw new MovedOnError('wrong last sequence');
        texts.push(text);
        if (fate === 'kept, then cut off') end.cutOff = true;
        queueMicrotask(tell);
        if (end.cutOff || fate === 'unanswered') throw new StreamUnavailableError('silence', true);
        return texts.length;
      },
      follow(after: number, hear: (place: number, text: string) => void): () => void {
        let next = after;
        let going = false;
        const follower = () => {
          if (going) return;
          going = true;
          queueMicrotask(() => {
            going = false;
            while (!end.cutOff && !end.held && next < texts.length && followers.has(follower)) {
              next += 1;
              hear(next, texts[next - 1] as string);
            }
          });
        };
        followers.add(follower);
        follower();
        return () => followers.delete(follower);
      },
      async last(): Promise<number> {
        if (end.cutOff) throw new StreamUnavailableError('silence', true);
        return texts.length;
      },
      async at(place: number): Promise<string | null> {
        if (end.cutOff) throw new StreamUnavailableError('silence', true);
        return texts[place - 1] ?? null;
      },
    };
    return end;
  }
}
