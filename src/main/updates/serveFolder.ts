import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';

/**
 * Serves a folder's files on this machine's own loopback while `use` runs. What is fetched from it is
 * checked as if it came from anywhere.
 */
export async function serveFolder<Value>(
  folder: string,
  use: (base: string) => Promise<Value>,
): Promise<Value> {
  const server = createServer(({ url = '' }, answer) => {
    const file = createReadStream(join(folder, basename(url.split('?')[0] ?? '')));
    file.on('error', () => answer.destroy());
    file.pipe(answer);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
