// The fallback runtime has no default app. This stands in its resources folder and loads the app
// whose folder is named by VIGIA_APP, so that one runtime in the cache serves every checkout.
const { join, resolve } = require('node:path');
const { app } = require('electron');

const folder = process.env.VIGIA_APP;
if (!folder) {
  process.stderr.write('vigia: VIGIA_APP does not name the app\n');
  process.exit(1);
}
const manifest = require(join(resolve(folder), 'package.json'));
app.setAppPath(resolve(folder));
app.setName(manifest.productName ?? manifest.name);
import(join(resolve(folder), manifest.main)).catch((error) => {
  process.stderr.write(`vigia: ${error?.stack ?? error}\n`);
  process.exit(1);
});
