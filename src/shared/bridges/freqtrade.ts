import { z } from 'zod';

/** What more than one runtime reads of freqtrade's answers. */

/** Entries as the bot takes them; null while it changes from one state to another. */
export function entriesOf(config: {
  readonly state: string;
  /** 0 after `/stopentry` on versions that have no state for it; -1 is without a limit. */
  readonly max_open_trades?: number | null | undefined;
}): 'normal' | 'paused' | null {
  switch (config.state.toLowerCase()) {
    case 'running':
      return config.max_open_trades === 0 ? 'paused' : 'normal';
    case 'paused':
    case 'stopped':
      return 'paused';
    default:
      return null;
  }
}

/** `/count`: what is open. */
export const openCountSchema = z
  .looseObject({ current: z.int().nonnegative() })
  .transform(({ current }) => current);

/** `/profit`, which a stopped bot still answers: every trade it had without those that are over. */
export const openByProfitSchema = z
  .looseObject({ trade_count: z.int().nonnegative(), closed_trade_count: z.int().nonnegative() })
  .transform(({ trade_count, closed_trade_count }) => trade_count - closed_trade_count)
  .refine((open) => open >= 0, 'more trades closed than there were');
