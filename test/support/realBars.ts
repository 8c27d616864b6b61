import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from './root';

/** Five-minute bars of USD/COP as a vendor delivered them; beside the checkout, where they are at all. */
export const REAL_BARS = resolve(ROOT, '../shared/data/usdcop_m5_2020_2024.csv.gz');
export const hasRealBars = existsSync(REAL_BARS);
