import { z } from 'zod';
import { isPlainOffMachine } from '../address';
import { environmentSchema } from '../protocol/engine';

/** Systems that a bridge of ours speaks to; `generic` speaks the engine protocol itself. */
export const bridgeKindSchema = z.enum(['inference-api', 'freqtrade', 'generic']);
export type BridgeKind = z.infer<typeof bridgeKindSchema>;

/** The id of a bridge is its engine's. */
export const bridgeIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, - and _')
  .refine((id) => !(id in {}), 'another id: this one is JavaScript’s own');

/** `http://host:port` or `https://…`, without a path, a question or a name and password. */
export const bridgeAddressSchema = z
  .string()
  .max(512)
  .regex(/^https?:\/\/[^\s/?#@]+\/?$/, 'like https://service.example:8000')
  .transform((url) => url.replace(/\/$/, ''));

/** Why a service's address is not taken; null where it is, or a person has accepted what it risks. */
export function plainProblem(address: string | null, accepted: boolean): string | null {
  if (address === null || accepted || !isPlainOffMachine(address)) return null;
  return 'would carry the credentials in plain text off this machine: https://, or accept that (plainAccepted)';
}

/** What is no secret and differs from kind to kind. */
export const bridgeOptionsSchema = z.record(
  z.string().regex(/^[a-zA-Z]{1,32}$/),
  z.union([z.string().max(128), z.number()]),
);

/** Options of each kind, with what holds where one is left out. */
export const BRIDGE_OPTIONS = {
  'inference-api': z.strictObject({
    /** The service does not say which it is; live is the careful answer. */
    environment: environmentSchema.default('live'),
    instrument: z.string().min(1).max(128).default('USD/COP'),
    currency: z.string().min(1).max(8).default('USD'),
  }),
  freqtrade: z.strictObject({
    /** Value, in the stake's currency, under which a rest of a coin is dust. */
    dust: z.number().nonnegative().default(1),
  }),
  generic: z.strictObject({}),
} as const satisfies Record<BridgeKind, z.ZodType>;

/** Why options do not fit their kind; null where they do. */
export function optionsProblem(kind: BridgeKind, options: object): string | null {
  const parsed = BRIDGE_OPTIONS[kind].safeParse(options);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  return `options: ${issue?.path.map(String).join('.') || kind}: ${issue?.message}`;
}

/** Secrets of each kind, by name; the log knows which there are, never what they are. */
export const SECRETS: Readonly<Record<BridgeKind, readonly string[]>> = {
  'inference-api': ['apiKey'],
  freqtrade: ['username', 'password'],
  generic: ['token'],
};

export const secretsSchema = z.record(z.string().regex(/^[a-zA-Z]{1,32}$/), z.string().max(4_096));
export type Secrets = z.infer<typeof secretsSchema>;

/** What a look at a service found: facts by name, none of them secret. */
export const foundSchema = z.record(
  z.string().max(32),
  z.union([z.string().max(256), z.number(), z.null()]),
);
export type Found = z.infer<typeof foundSchema>;
