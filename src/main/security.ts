import type { App, Session, WebContents, WebPreferences } from 'electron';

/** No script from elsewhere, no inline script, no connection out: windows speak by IPC only. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Radix and recharts set style attributes.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "media-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

// SECURITY: a renderer has no Node and lives in the system's sandbox; what it may do is the contract.
export function securePreferences(preload: string): WebPreferences {
  return {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webviewTag: false,
    webSecurity: true,
    spellcheck: false,
    // The siren must sound without a click first, and figures go on while a window is covered.
    autoplayPolicy: 'no-user-gesture-required',
    backgroundThrottling: false,
  };
}

/** Puts the rules on every web contents that will ever exist in this process. */
export function secureApp(app: App): void {
  app.on('web-contents-created', (_event, contents) => secureContents(contents));
}

function secureContents(contents: WebContents): void {
  // SECURITY: no window of ours ever goes anywhere else, whatever text it was made to show.
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  // SECURITY: no popups; a link out would go through an allow-list, and there is none.
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  // SECURITY: a webview would be a page without these rules.
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

// SECURITY: a document is paper in the making: no preload, no script, no Node, no picture, a session of its own.
export function documentPreferences(session: Session): WebPreferences {
  return {
    session,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    javascript: false,
    images: false,
    webgl: false,
    webviewTag: false,
    webSecurity: true,
    spellcheck: false,
  };
}

export function secureSession(session: Session): void {
  allowNothing(session);
  session.webRequest.onHeadersReceived((details, answer) => {
    answer({
      responseHeaders: {
        ...details.responseHeaders,
        'Content-Security-Policy': [CONTENT_SECURITY_POLICY],
      },
    });
  });
  // SECURITY: a window loads files and data of its own and nothing from a network.
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !/^(file|data|blob|devtools):/.test(details.url) });
  });
}

/** The session in which documents are printed. @param scheme by which it is given its document */
export function secureDocumentSession(session: Session, scheme: string): void {
  allowNothing(session);
  // SECURITY: a document loads itself and nothing else, from no disk and no network.
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !details.url.startsWith(`${scheme}:`) });
  });
}

function allowNothing(session: Session): void {
  // SECURITY: no page needs a camera, location, notifications or devices.
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  // SECURITY: nothing is ever downloaded by a page.
  session.on('will-download', (event) => event.preventDefault());
}
