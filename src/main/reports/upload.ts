import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { httpUrl } from '../config';
import { clientTls, type Transport } from '../link/transport';

const TIMEOUT_MS = 30_000;

/**
 * Gives a report's PDF to the gateway that made it.
 *
 * @returns the HTTP status.
 * @throws the network's error when there is no answer within 30 s.
 */
export function uploadPdf(
  address: string,
  token: string,
  transport: Transport,
  place: { readonly id: string; readonly language: string },
  pdf: Uint8Array,
): Promise<number> {
  const url = `${httpUrl(address)}/reports/${place.id}/${place.language}.pdf`;
  const options = {
    method: 'PUT',
    headers: {
      'content-type': 'application/pdf',
      'content-length': pdf.byteLength,
      authorization: `Bearer ${token}`,
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    agent: false as const,
  };
  return new Promise((done, failed) => {
    const request = url.startsWith('https:')
      ? requestTls(url, { ...options, ...clientTls(transport) })
      : requestPlain(url, options);
    request.on('error', failed);
    request.on('response', (response) => {
      response.resume();
      response.on('error', failed);
      response.on('end', () => done(response.statusCode ?? 0));
    });
    request.end(pdf);
  });
}
