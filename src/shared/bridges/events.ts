import { z } from 'zod';
import { changed } from '../audit/before';
import { secretVersionSchema } from '../secrets';
import {
  bridgeAddressSchema,
  bridgeIdSchema,
  bridgeKindSchema,
  bridgeOptionsSchema,
  foundSchema,
} from './bridge';

/** Events of bridges. No secret is in any of them. */
export const bridgeEventData = {
  'bridge.configured': z.object({
    bridge: bridgeIdSchema,
    kind: bridgeKindSchema,
    name: z.string().min(1).max(128),
    /** Null for `generic`: it comes by itself. */
    address: bridgeAddressSchema.nullable(),
    options: bridgeOptionsSchema,
    /** Names of the secrets that are kept for it. */
    secrets: z.array(z.string().max(32)),
    secretVersion: secretVersionSchema.optional(),
    /** `file`: the gateway's configuration has it, and only that changes it. */
    source: z.enum(['file', 'console']),
    /** Credentials go to another machine in plain text; the event's reason says why. */
    plainAccepted: z.literal(true).optional(),
    ...changed,
  }),
  'bridge.removed': z.object({ bridge: bridgeIdSchema, ...changed }),
  /** Its process ended by itself, or runs again. */
  'bridge.state_changed': z.object({
    bridge: bridgeIdSchema,
    state: z.enum(['running', 'failed']),
    cause: z.string().max(512),
    /** Starts since it was last configured. */
    starts: z.int().nonnegative(),
  }),
  'bridge.test_started': z.object({
    bridge: bridgeIdSchema.nullable(),
    kind: bridgeKindSchema,
    address: bridgeAddressSchema,
  }),
  'bridge.tested': z.object({
    test: z.string().min(1).max(64),
    ok: z.boolean(),
    message: z.string().max(512),
    found: foundSchema,
    tookMs: z.number(),
  }),
} as const;
