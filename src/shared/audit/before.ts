import { z } from 'zod';

/**
 * Of the data of an event that changes something that stands: what was there before it, null where
 * nothing was. The log puts it there when it seals the event; events of earlier versions have none.
 */
export const changed = { before: z.unknown().optional() } as const;
