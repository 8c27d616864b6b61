import { z } from 'zod';
import { saidFromOutside } from '../words/schema';
import { monitorEventData } from './events';

const alertName = z.string().max(64);

/** What a monitor may put on the record: facts of its own, and alerts it raises and clears. */
export const monitorItemSchema = z.discriminatedUnion('item', [
  z.object({
    item: z.literal('trigger'),
    data: monitorEventData['monitor.trigger_changed'],
  }),
  z.object({ item: z.literal('fired'), data: monitorEventData['monitor.fired'] }),
  z.object({ item: z.literal('machine'), data: monitorEventData['monitor.state_changed'] }),
  z.object({ item: z.literal('blind'), data: monitorEventData['monitor.blind_paused'] }),
  z.object({ item: z.literal('suspended'), data: monitorEventData['monitor.suspended'] }),
  z.object({ item: z.literal('day'), data: monitorEventData['monitor.day_closed'] }),
  z.object({ item: z.literal('retraining'), data: monitorEventData['retraining.proposed'] }),
  z.object({
    item: z.literal('alert'),
    data: z.object({
      alert: alertName,
      severity: z.enum(['P0', 'P1', 'P2']),
      kind: z.string().max(64),
      model: z.string().nullable(),
      detail: z.string().max(2_000),
      said: saidFromOutside,
      /** Time of the first sample behind it, where there is one. */
      since: z.number().nullable().optional(),
    }),
  }),
  z.object({
    item: z.literal('clear'),
    data: z.object({ alert: alertName, cause: z.string().max(512) }),
  }),
]);
export type MonitorItem = z.infer<typeof monitorItemSchema>;
