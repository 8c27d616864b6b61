import { createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { signUpdate } from '../../src/cli/signUpdate';
import { loadOrCreateKey } from '../../src/node/keys';
import { rawPublicKey } from '../../src/node/signedNote';
import { manifestName } from '../../src/shared/update/manifest';
import { ROOT } from './root';

export const MANIFEST = manifestName(process.platform, process.arch);

/** A desk's update server: real files, signed by a real key, over real HTTP. */
export interface UpdateServer {
  readonly url: string;
  readonly folder: string;
  readonly publicKey: string;
  /** Names of the files that were asked for, in order. */
  readonly asked: string[];
  /** Puts a release there and signs it. */
  publish(version: string, packages: Readonly<Record<string, string | Buffer>>): Promise<void>;
  /** Signs what lies there, as `vigia sign-update` does. */
  sign(): Promise<void>;
  close(): void;
}

export async function openUpdateServer(parent: string): Promise<UpdateServer> {
  const folder = join(parent, 'server');
  mkdirSync(folder);
  const keyFile = join(parent, 'update.pem');
  const publicKey = rawPublicKey(loadOrCreateKey(keyFile)).toString('base64');
  const { writeUpdateManifest } = (await import(join(ROOT, 'scripts/lib/updateManifest.mjs'))) as {
    writeUpdateManifest(output: string, version: string, packages: readonly string[]): string;
  };
  const asked: string[] = [];
  const server = createServer(({ url = '' }, answer) => {
    const name = basename(url.split('?')[0] ?? '');
    asked.push(name);
    const file = createReadStream(join(folder, name));
    file.on('error', () => answer.writeHead(404).end());
    file.pipe(answer);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  async function sign(): Promise<void> {
    const said: string[] = [];
    const code = await signUpdate(folder, keyFile, (line) => said.push(line));
    if (code !== 0) throw new Error(said.join('\n'));
  }

  return {
    ...{ folder, publicKey, asked, sign },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/vigia`,
    async publish(version, packages) {
      const paths = Object.entries(packages).map(([name, content]) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
      });
      writeUpdateManifest(folder, version, paths);
      await sign();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
