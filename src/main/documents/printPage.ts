import { BrowserWindow, session } from 'electron';
import { DOCUMENT_POLICY } from '../../shared/documents/html';
import { documentPreferences, secureDocumentSession } from '../security';
import type { Printable, PrintPage } from './printer';

const SCHEME = 'vigia-document';

/**
 * Opens pages for the printer: hidden windows in a session of their own that has nothing but the
 * document it was given, by a scheme that only that session knows. No script runs in them.
 */
export function createPrintPages(): (printable: Printable) => PrintPage {
  const own = session.fromPartition('documents');
  secureDocumentSession(own, SCHEME);
  const documents = new Map<string, string>();
  let opened = 0;
  own.protocol.handle(SCHEME, ({ url }) => {
    const html = documents.get(url);
    if (html === undefined) return new Response(null, { status: 404 });
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': DOCUMENT_POLICY,
    };
    return new Response(html, { headers });
  });

  return ({ html, foot }) => {
    opened += 1;
    const url = `${SCHEME}:${opened}`;
    documents.set(url, html);
    const window = new BrowserWindow({
      show: false,
      focusable: false,
      skipTaskbar: true,
      title: 'Vigía document',
      webPreferences: documentPreferences(own),
    });
    return {
      async pdf() {
        await window.loadURL(url);
        return window.webContents.printToPDF({
          preferCSSPageSize: true,
          printBackground: false,
          generateTaggedPDF: true,
          displayHeaderFooter: true,
          headerTemplate: '<span></span>',
          footerTemplate: foot,
        });
      },
      close() {
        documents.delete(url);
        if (!window.isDestroyed()) window.destroy();
      },
    };
  };
}
