import { openSecrets } from '../node/notify/secrets';
import { type Secrets, secretsSchema } from '../shared/bridges/bridge';
import { canonicalJson } from '../shared/log/canonical';
import type { Channel } from '../shared/notify/message';
import { type SecretName, secretNamed, secretsInUse, secretWord, turnOf } from '../shared/secrets';
import { detailOf, phrase } from '../shared/words/phrase';
import { openVault, VaultError } from './bridges/vault';
import { ForeignError, type SealedBucket } from './cluster/bucket';
import { Refusal } from './decide/refusal';
import type { GatewayLog } from './log';

/** A secret on its way to be kept; a bridge's are one, as canonical JSON. */
export interface KeptSecret {
  readonly name: SecretName;
  readonly text: string;
}

/** The secrets of channels and bridges, as the log says which are in use. */
export interface DeskSecrets {
  /** Null where the channel has none, or it is not at this gateway. */
  channel(channel: Channel): string | null;
  /** Null where they are not at this gateway. @throws {VaultError} where they cannot be read */
  bridge(bridge: string): Secrets | null;
  /** For one that is about to be put away. */
  nextVersion(): string;
  /** Whether the log may still say that one put away by this version is in use. */
  mayBeUsed(version: string): boolean;
  /**
   * Puts a secret away. Nothing uses it until the log says that it is in use.
   *
   * @param settled hears why it was not, null where it was; within this call at a gateway alone.
   */
  put(secret: KeptSecret, settled: (refusal: Refusal | null) => void): void;
  /** After {@link put}, once it is on record or never will be. */
  release(secret: KeptSecret): void;
  /**
   * Brings what is here and what the servers have to what the log says is in use. Resolves when it is,
   * or no server answers: it is tried again then.
   */
  look(): Promise<void>;
  stop(): void;
}

export interface DeskSecretsOptions {
  readonly log: Pick<GatewayLog, 'state' | 'health' | 'onRecorded'>;
  readonly dataDir: string;
  readonly newId: () => string;
  /** Where gateways share them; null for one that is alone. */
  readonly shared: {
    readonly bucket: SealedBucket;
    /** The log of this gateway's turn; null while another acts. */
    readonly turn: () => Pick<GatewayLog, 'append'> | null;
    /** Hears of what it found that is not the desk's. */
    readonly onForeign: (name: string) => void;
  } | null;
}

const RETRY_MS = 1_000;
/** Nobody tells of a secret that was changed at the servers. */
const LOOK_EVERY_MS = 60_000;
const CHANGES = /^(channel|bridge)\.(configured|removed)$/;
const ALERT = 'secrets';

/**
 * Keeps secrets under names that are never used twice, so that one is there before the log says that
 * it is in use, and what nobody recorded has changed nothing. Each gateway has all that are in use in
 * files of its own and sends without a server. Of several the one that acts puts new ones at the
 * servers and takes away what is in use no more; each puts there what they lack and it has, as after
 * their loss or a migration.
 */
export function keepDeskSecrets(options: DeskSecretsOptions): DeskSecrets {
  const { log, shared } = options;
  const files = openFiles(options.dataDir);
  /** Put away, and not on record yet. */
  const underWay = new Set<string>();
  const told = new Set<string>();
  let looking: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const inUse = () => secretsInUse(log.state());
  const isUnsaved = () => log.health().unsavedEvents > 0;
  const turnNow = () => log.state().acting?.token ?? 0;

  /** Of those names, the ones that no event says, nor will say, to be in use. */
  function done(names: readonly SecretName[]): readonly SecretName[] {
    // What is not in the log yet may be left out of it.
    if (isUnsaved()) return [];
    const kept = new Set([...inUse().map(secretWord), ...underWay]);
    const now = turnNow();
    return names.filter((name) => !kept.has(secretWord(name)) && turnOf(name) <= now);
  }

  function tidy(): void {
    try {
      for (const name of done(files.names())) files.remove(name);
    } catch {
      // The disk takes nothing, or a file cannot be read, which who needs it says: the next time.
    }
  }

  /** @returns whether it is to be done again soon */
  async function lookShared({ bucket, turn, onForeign }: NonNullable<typeof shared>) {
    let lacking = false;
    const foreign: SecretName[] = [];
    for (const name of inUse()) {
      if (stopped) break;
      const held = files.get(name);
      const found = await bucket.get(secretWord(name)).catch((error) => {
        if (!(error instanceof ForeignError)) throw error;
        foreign.push(name);
        return null;
      });
      const there = found?.toString('utf8') ?? null;
      if (there !== null && there !== held) files.set({ name, text: there });
      else if (there === null && held === null) lacking = true;
      else if (there === null && held !== null && (name.version !== null || turn())) {
        // Without a version it may be an old one that was copied here by hand: one gateway says which.
        await bucket.put(secretWord(name), held);
      }
    }
    for (const word of foreign.map(secretWord)) {
      if (!told.has(word)) onForeign(word);
      told.add(word);
    }
    tellForeign(foreign, turn());
    if (turn()) {
      const stored = (await bucket.keys()).flatMap((key) => secretNamed(key) ?? []);
      // Another's turn may have begun meanwhile: what it has just put there is not known here.
      const gone = turn() ? done(stored) : [];
      for (const name of gone) await bucket.remove(secretWord(name));
    }
    return lacking || isUnsaved();
  }

  function tellForeign(foreign: readonly SecretName[], own: Pick<GatewayLog, 'append'> | null) {
    const raised = ALERT in log.state().alerts.active;
    if (foreign.length > 0 && !raised) {
      const names = foreign.map(({ of, id }) => ({ code: `${of} ${id}` }));
      const said = phrase(
        'the servers hold what this desk’s key has not sealed in the place of secrets: {names}. It is not used. Who else writes with the desk’s account?',
        { names: { all: names } },
      );
      const about = { severity: 'P2', kind: 'secrets_foreign', model: null, engine: null } as const;
      own?.append({
        type: 'alert.raised',
        data: { alert: ALERT, ...about, ...detailOf([said]), source: 'policy' },
      });
    }
    if (foreign.length === 0 && raised) {
      own?.append({
        type: 'alert.cleared',
        data: { alert: ALERT, cause: 'the servers hold the desk’s own secrets' },
      });
    }
  }

  async function lookUntilQuiet(others: NonNullable<typeof shared>): Promise<void> {
    clearTimeout(timer);
    let lacking = true;
    try {
      do {
        again = false;
        lacking = await lookShared(others);
      } while (again && !stopped);
      tidy();
    } catch {
      // No server answers, or this gateway's disk takes nothing.
      lacking = true;
    }
    looking = null;
    if (!stopped) timer = setTimeout(() => void look(), lacking ? RETRY_MS : LOOK_EVERY_MS);
  }

  function look(): Promise<void> {
    if (!shared) {
      tidy();
      return Promise.resolve();
    }
    again = true;
    looking ??= lookUntilQuiet(shared);
    return looking;
  }

  const leave = log.onRecorded(({ type }) => {
    if (CHANGES.test(type)) void look();
  });

  return {
    channel(channel) {
      const name = inUse().find(({ of, id }) => of === 'channel' && id === channel);
      return name ? files.get(name) : null;
    },
    bridge(bridge) {
      const name = inUse().find(({ of, id }) => of === 'bridge' && id === bridge);
      if (!name) return {};
      const text = files.get(name);
      return text === null ? null : secretsSchema.parse(JSON.parse(text));
    },
    nextVersion: () => `${turnNow()}-${options.newId()}`,
    mayBeUsed: (version) => Number.parseInt(version, 10) === turnNow(),
    put(secret, settled) {
      underWay.add(secretWord(secret.name));
      if (shared) {
        shared.bucket
          .put(secretWord(secret.name), secret.text)
          .then(
            () => putHere(secret),
            () =>
              new Refusal(
                'unavailable',
                'the secret was not put away: no majority of the servers answers; nothing changed',
              ),
          )
          .then(settled)
          .catch((error: Error) => process.emitWarning(error));
      } else settled(putHere(secret));
    },
    release({ name }) {
      underWay.delete(secretWord(name));
      void look();
    },
    look,
    stop() {
      stopped = true;
      leave();
      clearTimeout(timer);
    },
  };

  function putHere(secret: KeptSecret): Refusal | null {
    try {
      files.set(secret);
      return null;
    } catch (error) {
      if (error instanceof VaultError) return new Refusal('unavailable', { text: error.message });
      return new Refusal(
        'unavailable',
        'the gateway’s disk did not take the secret; nothing changed',
      );
    }
  }
}

/** A gateway's own files: `channels.json` and `bridges.enc`, each with its key beside it. */
function openFiles(dataDir: string) {
  const channels = openSecrets(dataDir);
  const vault = openVault(dataDir);
  const entry = ({ id, version }: SecretName) => (version === null ? id : `${id}.${version}`);
  const named = (of: SecretName['of']) => (word: string) => {
    const [id = '', version = null] = word.split('.');
    return { of, id, version };
  };
  return {
    /** Null where it is not here. @throws {VaultError} */
    get(name: SecretName): string | null {
      if (name.of === 'channel') return channels.get(entry(name));
      const secrets = vault.get(entry(name));
      return secrets && canonicalJson(secrets);
    },
    set({ name, text }: KeptSecret): void {
      if (name.of === 'channel') channels.set(entry(name), text);
      else vault.set(entry(name), secretsSchema.parse(JSON.parse(text)));
    },
    remove(name: SecretName): void {
      if (name.of === 'channel') channels.remove(entry(name));
      else vault.remove(entry(name));
    },
    names: (): readonly SecretName[] => [
      ...channels.names().map(named('channel')),
      ...vault.names().map(named('bridge')),
    ],
  };
}
