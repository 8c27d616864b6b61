import type { Session } from 'electron';
import { describe, expect, it } from 'vitest';
import { documentPreferences, secureDocumentSession } from '../../../src/main/security';

/** A session that remembers the rules it is given. */
function session() {
  let before:
    | ((details: { url: string }, answer: (to: { cancel: boolean }) => void) => void)
    | null = null;
  let permission: boolean | null = null;
  const fake = {
    setPermissionRequestHandler(
      ask: (contents: null, permission: string, answer: (yes: boolean) => void) => void,
    ) {
      ask(null, 'media', (yes) => {
        permission = yes;
      });
    },
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
    on: () => undefined,
    webRequest: {
      onBeforeRequest(listener: typeof before) {
        before = listener;
      },
    },
  };
  const cancelled = (url: string): boolean | undefined => {
    let answer: boolean | undefined;
    before?.({ url }, ({ cancel }) => {
      answer = cancel;
    });
    return answer;
  };
  return { fake: fake as unknown as Session, cancelled, permission: () => permission };
}

describe('the session in which documents are printed', () => {
  it('loads its document and nothing else', () => {
    const { fake, cancelled, permission } = session();
    secureDocumentSession(fake, 'vigia-document');
    expect(cancelled('vigia-document:1')).toBe(false);
    for (const url of [
      'https://x',
      'http://127.0.0.1',
      'file:///etc/passwd',
      'data:,x',
      'blob:x',
    ]) {
      expect(cancelled(url), url).toBe(true);
    }
    expect(permission()).toBe(false);
  });

  it('gives its page no preload, no script, no Node and the sandbox', () => {
    const preferences = documentPreferences(session().fake);
    expect(preferences).not.toHaveProperty('preload');
    expect(preferences).toMatchObject({
      ...{ sandbox: true, contextIsolation: true, javascript: false, webSecurity: true },
      ...{ nodeIntegration: false, nodeIntegrationInWorker: false, webviewTag: false },
    });
  });
});
