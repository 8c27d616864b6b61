import type { KeyObject } from 'node:crypto';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { writeFileDurably } from './latchFile';

/**
 * The Ed25519 key kept in `path`, made on the first call. Only its owner may read the file: whoever
 * has it can sign another history.
 */
export function loadOrCreateKey(path: string): KeyObject {
  if (existsSync(path)) {
    chmodSync(path, 0o600);
    return createPrivateKey(readFileSync(path, 'utf8'));
  }
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileDurably(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}
