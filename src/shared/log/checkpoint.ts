import type { LogPosition } from './event';

/** Origin line of the log's checkpoints and the name of their signer. */
export const LOG_ORIGIN = 'vigia/log';

/**
 * The text of a checkpoint, as a C2SP signed note carries it (c2sp.org/tlog-checkpoint):
 * origin, size and the base64 of the last event's hash, a line each. `size` is the last `seq`.
 */
export function checkpointText(origin: string, position: LogPosition): string {
  return `${origin}\n${position.seq}\n${hexToBase64(position.hash)}\n`;
}

/** A checkpoint as read from its text. */
export interface Checkpoint extends LogPosition {
  readonly origin: string;
}

/** Reads what {@link checkpointText} wrote; null when the text is not a checkpoint. */
export function parseCheckpointText(text: string): Checkpoint | null {
  const [origin, size, hash, rest, ...more] = text.split('\n');
  if (!origin || !size || !hash || rest !== '' || more.length > 0) return null;
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(hash)) return null;
  return { origin, seq: Number(size), hash: base64ToHex(hash) };
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function hexToBase64(hex: string): string {
  const bytes = (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [a = 0, b, c] = bytes.slice(index, index + 3);
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    text += `${BASE64[group >> 18]}${BASE64[(group >> 12) & 63]}`;
    text += b === undefined ? '=' : BASE64[(group >> 6) & 63];
    text += c === undefined ? '=' : BASE64[group & 63];
  }
  return text;
}

function base64ToHex(text: string): string {
  let bits = '';
  for (const character of text.replaceAll('=', '')) {
    bits += BASE64.indexOf(character).toString(2).padStart(6, '0');
  }
  const bytes = bits.match(/.{8}/g) ?? [];
  return bytes.map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0')).join('');
}
