/** Secrets that no line of a log and no diagnosis may hold: {@link mask} is given them each time. */
export interface HeldSecrets {
  all(): readonly string[];
  /** Adds some that the terminal keeps; asked each time, since they change. */
  keep(source: () => readonly (string | null)[]): void;
  /** Notes those of a command that goes to the gateway, which keeps them: an error may still quote them. */
  pass(params: unknown): void;
}

/** Secrets on their way that are remembered; the oldest goes first. */
const PASSING = 32;

export function createHeldSecrets(): HeldSecrets {
  const sources: (() => readonly (string | null)[])[] = [];
  let passing: readonly string[] = [];
  return {
    all: () => [...sources.flatMap((source) => source()).filter((one) => one !== null), ...passing],
    keep: (source) => void sources.push(source),
    pass(params) {
      const { secret, secrets } = params as { secret?: unknown; secrets?: object };
      const found = [secret, ...Object.values(secrets ?? {})].filter(
        (one) => typeof one === 'string',
      );
      passing = [...passing, ...found].slice(-PASSING);
    },
  };
}
