import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { forget, type RunningApp, startApp } from './app';

/** Each measure of docs/security.md by its effect: what an intruder in a page would try. */
let running: RunningApp;

test.beforeAll(async () => {
  running = await startApp();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
});
test.afterAll(async () => {
  await running.close();
  forget(running.userData);
});

const inPage = <Value>(run: () => Value | Promise<Value>) => running.panel.evaluate(run);

test('pages come by the program’s own scheme, each load with a nonce of its own', async () => {
  expect(running.panel.url()).toBe('vigia://app/panel.html');
  const nonce = () => inPage(() => document.querySelector('script')?.nonce);
  const first = await nonce();
  expect(first).toMatch(/^[\w+/]{24}$/);
  await running.panel.reload();
  await expect(running.panel.locator('.banner')).toHaveAttribute('data-word', 'normal');
  expect(await nonce()).not.toBe(first);
});

test('a script without the nonce does not run: inline, from a string, from a handler', async () => {
  const hurt = await inPage(async () => {
    // The driver's own scripts may use strings; what runs after them may not.
    await new Promise((later) => setTimeout(later));
    const mark = window as unknown as { hurt?: string };
    const script = document.createElement('script');
    const attempts: string[] = [];
    try {
      script.textContent = 'window.hurt = "inline"';
      document.body.append(script);
    } catch {
      attempts.push('inline');
    }
    try {
      new Function('window.hurt = "string"')();
    } catch {
      attempts.push('string');
    }
    try {
      document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.hurt=1">');
    } catch {
      attempts.push('markup');
    }
    await new Promise((frame) => requestAnimationFrame(() => requestAnimationFrame(frame)));
    return { hurt: mark.hurt, attempts };
  });
  expect(hurt.hurt).toBeUndefined();
  expect(hurt.attempts).toEqual(expect.arrayContaining(['string', 'markup']));
});

test('a page has no Node, no Electron and only the contract', async () => {
  const found = await inPage(() => ({
    names: ['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in window),
    api: Object.keys(window.vigia).sort(),
  }));
  expect(found).toEqual({ names: [], api: ['call', 'on'] });
  const answer = await inPage(async () => {
    const calls = window.vigia as unknown as {
      call(name: string, args: unknown): Promise<unknown>;
    };
    return calls.call('kill.fire', { scope: 'everything' });
  });
  expect(answer).toMatchObject({ ok: false, error: { code: 'bad_args' } });
});

test('a page reaches no network and no file', async () => {
  let asked = 0;
  const server = createServer((_request, answer) => {
    asked += 1;
    answer.end('x');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  try {
    const reached = await running.panel.evaluate(async (at) => {
      const addresses = [
        `http://127.0.0.1:${at}/`,
        'file:///etc/passwd',
        'vigia://app/../../../etc/passwd',
        'vigia://app/%2e%2e/%2e%2e/package.json',
        'vigia://app/assets/..%2f..%2fmain/index.js',
        'vigia://other/panel.html',
      ];
      // Content without TLS, in every form that a page can take it.
      const from = `http://127.0.0.1:${at}/`;
      for (const name of ['img', 'script', 'iframe', 'audio', 'embed'] as const) {
        const element = document.createElement(name);
        try {
          element.src = from;
          document.body.append(element);
        } catch {
          // A script's address is a trusted type, of which there is none.
        }
      }
      const sheet = document.createElement('link');
      Object.assign(sheet, { rel: 'stylesheet', href: from });
      document.head.append(sheet);
      navigator.sendBeacon(from, 'x');
      const socket = await new Promise((done) => {
        try {
          const own = new WebSocket(from.replace('http', 'ws'));
          own.onopen = () => done('open');
          own.onerror = () => done('refused');
        } catch {
          done('refused');
        }
      });
      if (socket !== 'refused') throw new Error('a socket was opened');
      const results = await Promise.all(
        addresses.map((address) =>
          fetch(address).then(
            (response) => response.ok,
            () => false,
          ),
        ),
      );
      return addresses.filter((_, index) => results[index]);
    }, port);
    expect(reached).toEqual([]);
    expect(asked).toBe(0);
  } finally {
    server.close();
  }
});

test('permissions are refused without asking', async () => {
  const states = await inPage(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'midi'] as const;
    const found = await Promise.all(
      names.map((name) =>
        navigator.permissions.query({ name: name as PermissionName }).then(
          ({ state }) => state,
          () => 'denied',
        ),
      ),
    );
    const notification = await Notification.requestPermission();
    const media = await navigator.mediaDevices
      .getUserMedia({ audio: true })
      .then(() => 'granted')
      .catch(() => 'denied');
    return [...found, notification, media];
  });
  expect(new Set(states)).toEqual(new Set(['denied']));
});

test('the origin of a page is a wall: it takes no other’s name, and a webview is no element', async () => {
  const found = await inPage(() => {
    const thrown: string[] = [];
    for (const address of ['https://example.com/', 'vigia://other/panel.html']) {
      try {
        // Allowed where `webSecurity` is off, and only there.
        history.replaceState(null, '', address);
      } catch (error) {
        thrown.push((error as Error).name);
      }
    }
    const view = document.createElement('webview');
    return { thrown, webview: 'loadURL' in view || 'executeJavaScript' in view };
  });
  expect(found).toEqual({ thrown: ['SecurityError', 'SecurityError'], webview: false });
});

test('a window does not even go to another page of the program', async () => {
  // The session lets these through, as it must: what keeps the window is its own handlers.
  for (const to of ['console', 'blob'] as const) {
    await inPage(() => Object.assign(window, { here: true }));
    await running.panel.evaluate((target) => {
      const page = new Blob(['<p>otra</p>'], { type: 'text/html' });
      location.href = target === 'console' ? 'vigia://app/console.html' : URL.createObjectURL(page);
    }, to);
    // A navigation that was let through has begun before the main process answers what was asked after it.
    await inPage(async () => {
      for (let round = 0; round < 5; round += 1) await window.vigia.call('desk.view', undefined);
    });
    expect(await inPage(() => (window as { here?: boolean }).here)).toBe(true);
    expect(running.panel.url()).toBe('vigia://app/panel.html');
  }
});

test('a window goes nowhere else and opens nothing', async () => {
  const opened = await inPage(() => {
    const popup = window.open('https://example.com/');
    const link = document.createElement('a');
    link.href = 'file:///etc/passwd';
    link.target = '_blank';
    link.click();
    const frame = document.createElement('iframe');
    frame.src = 'https://example.com/';
    document.body.append(frame);
    location.href = 'https://example.com/';
    return popup;
  });
  expect(opened).toBeNull();
  const word = () => inPage(() => document.querySelector<HTMLElement>('.banner')?.dataset.word);
  expect(await word()).toBe('normal');
  expect(running.panel.url()).toBe('vigia://app/panel.html');
  const urls = running.panel
    .context()
    .pages()
    .map((page) => page.url());
  expect(urls.filter((url) => !url.startsWith('vigia://app/'))).toEqual([]);
});
