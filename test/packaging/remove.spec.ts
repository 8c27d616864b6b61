import { existsSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { forget, newUserData, startApp } from '../e2e/app';
import { filesOf, PROGRAM, run } from './packages';

test('removed, it leaves what the user made and nothing else', async () => {
  const running = await startApp(newUserData());
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  await running.close();
  const files = filesOf('vigia');
  expect(files.length).toBeGreaterThan(20);
  run('dpkg', '-r', 'vigia');
  expect(files.filter((path) => existsSync(path))).toEqual([]);
  expect(existsSync(PROGRAM)).toBe(false);
  for (const name of ['paper/audit.db', 'settings.json', 'gateway/log.db']) {
    expect(existsSync(`${running.userData}/${name}`)).toBe(true);
  }
  forget(running.userData);
});
