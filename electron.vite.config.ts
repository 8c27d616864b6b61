import { resolve } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

const at = (path: string) => resolve(import.meta.dirname, path);
const alias = { '@shared': at('src/shared') };

/** One build for the terminal, its workers, the gateway, its engines and bridges and the command line. */
export default defineConfig({
  main: {
    resolve: { alias },
    build: {
      // The oldest runtime the program runs on: Electron 33 (Node 20.18).
      target: 'node20.18',
      sourcemap: true,
      // Only the native module stays outside; everything else is in the bundle.
      externalizeDeps: false,
      rollupOptions: {
        external: ['electron', 'better-sqlite3', /^node:/],
        input: {
          index: at('src/main/index.ts'),
          'mirror-worker': at('src/main/workers/mirror.ts'),
          'lineage-worker': at('src/main/workers/lineage.ts'),
          'audit-worker': at('src/main/workers/audit.ts'),
          'audit-job-worker': at('src/main/workers/audit-job.ts'),
          'telemetry-worker': at('src/main/workers/telemetry.ts'),
          gateway: at('src/gateway/embedded.ts'),
          'vigia-gateway': at('src/gateway/cli.ts'),
          'paper-engine': at('src/gateway/engines/paper/main.ts'),
          'inference-bridge': at('src/gateway/engines/inference/main.ts'),
          'freqtrade-bridge': at('src/gateway/engines/freqtrade/main.ts'),
          vigia: at('src/cli/vigia.ts'),
        },
        output: { format: 'es', entryFileNames: '[name].js' },
      },
    },
  },
  preload: {
    resolve: { alias },
    build: {
      target: 'node20.18',
      sourcemap: true,
      externalizeDeps: false,
      rollupOptions: {
        external: ['electron'],
        input: { index: at('src/preload/index.ts') },
        // A sandboxed preload script must be CommonJS and one file.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src/renderer'),
    resolve: { alias },
    plugins: [react(), tailwindcss()],
    // Replaced at each load by src/main/pages.ts; no script runs without it.
    html: { cspNonce: 'VIGIA-NONCE' },
    build: {
      target: 'chrome130',
      sourcemap: true,
      // The panel must be there at once: what it does not read, it need not parse.
      minify: true,
      // Fonts as files: the pages' policy allows no data: fonts.
      assetsInlineLimit: 0,
      rollupOptions: {
        input: { panel: at('src/renderer/panel.html'), console: at('src/renderer/console.html') },
        // Each file asked for is a turn of the main process: few files, and none the panel has no use for.
        output: {
          codeSplitting: {
            groups: [
              {
                ...{ name: 'window', tags: ['$initial'], minShareCount: 2 },
                ...{ entriesAware: true, entriesAwareMergeThreshold: 4_000 },
              },
            ],
          },
          chunkFileNames: 'assets/[hash].js',
          // A group's own name has marks that src/main/pages.ts serves no file by.
          assetFileNames: 'assets/[hash][extname]',
        },
      },
    },
  },
});
