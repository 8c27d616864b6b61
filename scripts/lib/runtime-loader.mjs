// The fallback runtime has no default app. This stands in its resources folder and loads the app
// whose folder is named by VIGIA_APP, so that one runtime in the cache serves every checkout.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron';

if (!process.env.VIGIA_APP) {
  process.stderr.write('vigia: VIGIA_APP does not name the app\n');
  process.exit(1);
}
const folder = resolve(process.env.VIGIA_APP);
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
app.setAppPath(folder);
app.setName(manifest.productName ?? manifest.name);
app.setVersion(manifest.version);
// Awaited at the top: Electron holds `ready` back until this module is done, and what the app must
// say before `ready` is said in time.
await import(pathToFileURL(join(folder, manifest.main)).href);
