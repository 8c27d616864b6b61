import crypto from 'node:crypto';
import type { Sha256 } from '../shared/log/chain';

/**
 * SHA-256 of a text's UTF-8 bytes, lower-case hex, by the platform's own code; in one call where the
 * runtime has it (Node 20.12), which is three times as fast for texts as short as an event.
 */
export const sha256: Sha256 =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'hex')
    : (text) => crypto.createHash('sha256').update(text, 'utf8').digest('hex');
