import { defineConfig } from '@playwright/test';

/**
 * On what is installed: the package goes in, the end-to-end specs of the kill chain run on it, and it
 * goes out again.
 */
export default defineConfig({
  testDir: '..',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  projects: [
    { name: 'install', testMatch: /packaging\/(install|update)\.spec\.ts/, teardown: 'remove' },
    {
      name: 'the kill chain, installed',
      testMatch: /e2e\/(kill|desk|security)\.spec\.ts/,
      dependencies: ['install'],
    },
    { name: 'remove', testMatch: 'packaging/remove.spec.ts' },
    { name: 'gateway', testMatch: 'packaging/gateway.spec.ts' },
  ],
});
