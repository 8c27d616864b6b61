import { z } from 'zod';
import { areGateways } from '../../../shared/address';

/** What every bridge to a trading system's own service is told. */
export const BRIDGE_SETTINGS = {
  gateway: z.string().refine(areGateways, 'ws://host:port of a gateway, or of several, by commas'),
  token: z.string(),
  id: z.string().min(1).max(128),
  name: z.string().min(1).max(128),
  /** `http://host:port` or `https://…` of the service. */
  address: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/$/, '')),
  /** Names this gateway in the service's records. */
  owner: z.string().min(1).max(64).default('vigia'),
  /** A process before this one may have asked for what does not show yet. */
  former: z.boolean().default(false),
  /** Looks at the service, says what it found, and ends. */
  probe: z.boolean().default(false),
};
