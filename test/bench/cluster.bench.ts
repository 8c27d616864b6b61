import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WHY_NO_NATS } from '../support/nats';
import { benchAppends } from './cluster/appends';
import { benchFailOver } from './cluster/failOver';
import { benchFanout } from './cluster/fanout';
import { benchKill } from './cluster/kill';

if (WHY_NO_NATS !== null) throw new Error(WHY_NO_NATS);
const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
await benchAppends();
await benchKill(folder);
await benchFailOver(folder);
await benchFanout(folder);
rmSync(folder, { recursive: true, force: true });
