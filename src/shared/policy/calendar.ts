import { z } from 'zod';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD');

/** `resources/calendar/co-holidays.yaml`: Colombia's public holidays by year. */
export const calendarSchema = z.strictObject({
  version: z.string().min(1),
  years: z.record(
    z.string().regex(/^\d{4}$/, 'YYYY'),
    z.array(z.strictObject({ day, name: z.string().min(1) })),
  ),
});
export type HolidayCalendar = z.infer<typeof calendarSchema>;
