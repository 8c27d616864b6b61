import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { forget, launchOptions, startApp } from './app';

test('the terminal runs as an ordinary user with the sandbox on', async () => {
  test.skip(
    process.getuid?.() === 0 && !process.env.VIGIA_TEST_UID,
    'this machine lets root run no unprivileged Electron',
  );
  const running = await startApp();
  try {
    const { pid } = running.app.process();
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    expect(status).not.toMatch(/^Uid:\s+0\s/m);
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('--no-sandbox');
    const renderer = await running.app.evaluate(({ webContents }) =>
      webContents.getAllWebContents().map((contents) => contents.getOSProcessId()),
    );
    // 2: the kernel runs a filter of system calls over the process (seccomp).
    for (const own of renderer) {
      expect(readFileSync(`/proc/${own}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m);
    }
    expect(renderer.length).toBeGreaterThan(0);
  } finally {
    await running.close();
    forget(running.userData);
  }
});

test('an invalid configuration file ends the start with a message on standard error', () => {
  const userData = mkdtempSync(join(tmpdir(), 'vigia-e2e-'));
  const file = join(userData, 'bad.yaml');
  writeFileSync(file, 'gateways: [ftp://nowhere]\ntoken: 0123456789abcdef\n');
  const { executablePath, args, env } = launchOptions(userData);
  const { status, stderr } = spawnSync(executablePath, [...args, '--config', file], {
    env,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(status).toBe(1);
  expect(stderr).toContain(`${file}: gateways.0: must be like wss://gateway.example:7443`);
  forget(userData);
});
