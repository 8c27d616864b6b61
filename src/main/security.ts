import type { App, Session, WebContents, WebPreferences } from 'electron';

/**
 * A page's policy: no script but those the page itself names with this load's nonce, none from a
 * string, and no connection out: windows speak by IPC only.
 *
 * @param nonce random, used for one load of one page
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    // Libraries of the windows put style elements and attributes in; a style runs nothing.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // A string becomes markup or script nowhere, not even through a library.
    "require-trusted-types-for 'script'",
  ].join('; ');
}

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
    // A middle click would open a link past the handlers below.
    disableBlinkFeatures: 'Auxclick',
    spellcheck: false,
    // The siren must sound without a click first, and figures go on while a window is covered.
    autoplayPolicy: 'no-user-gesture-required',
    backgroundThrottling: false,
  };
}

/** Puts the rules on every web contents that will ever exist in this process. */
export function secureApp(app: App): void {
  // Our name has a letter that no HTTP header may hold; a request with it never reaches the pages.
  app.userAgentFallback = app.userAgentFallback.replace(/[^\x20-\x7e]/g, '');
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
  // SECURITY: a window loads its own pages and data, nothing from a network and no file.
  session.webRequest.onBeforeRequest((details, answer) => {
    answer({ cancel: !/^(vigia|data|blob|devtools):/.test(details.url) });
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
