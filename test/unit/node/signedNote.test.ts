import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOrCreateKey } from '../../../src/node/keys';
import { LatchFile } from '../../../src/node/latchFile';
import {
  openNote,
  publicKeyFromBase64,
  rawPublicKey,
  signNote,
} from '../../../src/node/signedNote';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigia-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('signed note (C2SP)', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const text = 'vigia/desk\n7\nq83vAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n';

  it('opens with the key that signed it, also from its published form', () => {
    const note = signNote(text, 'vigia/desk', privateKey);
    expect(openNote(note, 'vigia/desk', publicKey)).toBe(text);
    const published = publicKeyFromBase64(rawPublicKey(privateKey).toString('base64'));
    expect(openNote(note, 'vigia/desk', published)).toBe(text);
  });

  it('does not open when the text, the name or the key is another', () => {
    const note = signNote(text, 'vigia/desk', privateKey);
    const other = generateKeyPairSync('ed25519').publicKey;
    expect(openNote(note.replace('\n7\n', '\n8\n'), 'vigia/desk', publicKey)).toBeNull();
    expect(openNote(note, 'vigia/other', publicKey)).toBeNull();
    expect(openNote(note, 'vigia/desk', other)).toBeNull();
    expect(openNote('nothing', 'vigia/desk', publicKey)).toBeNull();
  });
});

describe('key file', () => {
  it('is made once and is readable by its owner only', () => {
    const path = join(folder, 'signing.pem');
    const first = rawPublicKey(loadOrCreateKey(path));
    expect(rawPublicKey(loadOrCreateKey(path))).toEqual(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe('latch file', () => {
  const parse = (value: unknown) =>
    typeof value === 'object' && value !== null && 'id' in value ? { id: String(value.id) } : null;

  it('holds its value across processes until it is cleared', () => {
    const path = join(folder, 'latch.json');
    new LatchFile(path, parse).set({ id: 'kill-1' });
    expect(new LatchFile(path, parse).get()).toEqual({ id: 'kill-1' });
    new LatchFile(path, parse).clear();
    expect(new LatchFile(path, parse).get()).toBeNull();
  });

  it('is empty, and does not throw, when the file is damaged', () => {
    const path = join(folder, 'latch.json');
    for (const text of ['', '{', '[]', 'null']) {
      writeFileSync(path, text);
      expect(new LatchFile(path, parse).get()).toBeNull();
    }
    expect(readFileSync(path, 'utf8')).toBe('null');
  });
});
