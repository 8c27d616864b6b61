import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { CustomScheme, Protocol, Session } from 'electron';
import { contentSecurityPolicy } from './security';

/** The program's own scheme: its pages come from here and from nowhere else. */
const SCHEME = 'vigia';
export const PAGES_ROOT = `${SCHEME}://app/`;

/** Stands in the built pages where each load's nonce goes; electron.vite.config.ts puts it there. */
const NONCE_PLACE = 'VIGIA-NONCE';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** A name below the pages' folder: letters, digits and a few marks; no dots that climb. */
const SAFE_PATH = /^\/(?:[\w-]+\/)*[\w-][\w.-]*$/;

/**
 * The file a page's address means, relative to the pages' folder; null when it means none of ours.
 *
 * Nothing is decoded and nothing resolved: an address that is not plainly one of ours is refused.
 */
export function pageFile(address: string): string | null {
  if (!address.startsWith(PAGES_ROOT)) return null;
  const path = address.slice(PAGES_ROOT.length - 1).replace(/[?#].*$/s, '');
  if (!SAFE_PATH.test(path) || path.includes('..')) return null;
  return extname(path) in TYPES ? path.slice(1) : null;
}

/** What a request for a page is answered with. Pages carry a policy with a nonce of their own. */
export async function servePage(
  request: { readonly url: string; readonly method: string },
  read: (file: string) => Promise<Uint8Array<ArrayBuffer>>,
  newNonce: () => string,
): Promise<Response> {
  const file = request.method === 'GET' ? pageFile(request.url) : null;
  if (file === null) return new Response(null, { status: 404 });
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = await read(file);
  } catch {
    return new Response(null, { status: 404 });
  }
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const headers = {
    'content-type': type,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  if (!file.endsWith('.html')) return new Response(body, { headers });
  const nonce = newNonce();
  const text = new TextDecoder().decode(body).replaceAll(NONCE_PLACE, nonce);
  return new Response(text, {
    headers: { ...headers, 'content-security-policy': contentSecurityPolicy(nonce) },
  });
}

/** Says, before the app is ready, that the scheme is a standard and a secure one. */
export function announceScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  const scheme: CustomScheme = {
    scheme: SCHEME,
    // SECURITY: an origin of its own, like https; no `file:` page can reach it or be reached by it.
    privileges: { standard: true, secure: true },
  };
  protocol.registerSchemesAsPrivileged([scheme]);
}

/**
 * Serves the pages of a folder to a session's windows.
 *
 * @param answered resolves once pages are answered when they call: a script that has run before
 *   would have asked nobody
 */
export function servePages(
  session: { readonly protocol: Pick<Session['protocol'], 'handle'> },
  folder: string,
  newNonce: () => string,
  answered: Promise<void>,
): void {
  const read = async (file: string) => {
    const body = await readFile(join(folder, file));
    if (extname(file) === '.js') await answered;
    return body;
  };
  session.protocol.handle(SCHEME, (request) => servePage(request, read, newNonce));
}
