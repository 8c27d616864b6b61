import { createHash, type KeyObject } from 'node:crypto';
import { openNote, signNote } from './signedNote';

/** The signer's name in the note; which key it is, the desk says. */
const SIGNER = 'vigia-updates';

/**
 * Signs an update server's manifest. The note holds the file's name too, so that one platform's
 * manifest cannot stand in for another's.
 *
 * @returns the text of the file `<name>.sig`
 */
export function signManifest(name: string, manifest: string, key: KeyObject): string {
  return signNote(noteText(name, manifest), SIGNER, key);
}

/** Whether a note is a good signature of that manifest under that name. */
export function isSigned(
  name: string,
  manifest: string,
  note: string,
  publicKey: KeyObject,
): boolean {
  return openNote(note, SIGNER, publicKey) === noteText(name, manifest);
}

function noteText(name: string, manifest: string): string {
  const hash = createHash('sha512').update(manifest).digest('base64');
  return `vigia update\n${name}\nsha512 ${hash}\n`;
}
