import { defineConfig } from '@playwright/test';

/** End to end in real Electron on a virtual display; one at a time, since they share the keyboard. */
export default defineConfig({
  testDir: 'test/e2e',
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
});
