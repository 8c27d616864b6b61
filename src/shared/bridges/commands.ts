import { z } from 'zod';
import {
  bridgeAddressSchema,
  bridgeIdSchema,
  bridgeKindSchema,
  bridgeOptionsSchema,
  secretsSchema,
} from './bridge';

const reason = z.string().trim().min(1, 'a reason is required');

/** Commands about bridges. Secrets go in and never come out: not to the log, not to a screen. */
export const bridgeCommandParams = {
  /** Adds a bridge or changes one. Secrets left out are kept, while the address is the same. */
  'bridge.configure': z.strictObject({
    bridge: bridgeIdSchema,
    kind: bridgeKindSchema,
    name: z.string().trim().min(1).max(128),
    address: bridgeAddressSchema.nullable(),
    options: bridgeOptionsSchema,
    secrets: secretsSchema,
    /** `http://` to another machine is taken with a yes to just that; the reason says why. */
    plainAccepted: z.boolean().default(false),
    reason,
  }),
  'bridge.remove': z.strictObject({ bridge: bridgeIdSchema, reason }),
  /** Looks at a service and says what it found; changes nothing. */
  'bridge.test': z.strictObject({
    /** Whose kept secrets are used where none are given; null for none. */
    bridge: bridgeIdSchema.nullable(),
    kind: bridgeKindSchema,
    address: bridgeAddressSchema,
    options: bridgeOptionsSchema,
    secrets: secretsSchema,
    plainAccepted: z.boolean().default(false),
  }),
} as const;
