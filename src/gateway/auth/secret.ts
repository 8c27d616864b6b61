import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of a token's hash: scrypt N, r, p as OWASP's password storage sheet lists them. */
const COST = { N: 2 ** 15, r: 8, p: 3, maxmem: 128 * 2 ** 20 };

/** A new secret and what is kept of it. */
export async function newSecret(): Promise<{ secret: string; hash: string }> {
  const secret = randomBytes(32).toString('base64url');
  const salt = randomBytes(16);
  const key = await derive(secret, salt);
  return { secret, hash: `scrypt$${salt.toString('base64')}$${key.toString('base64')}` };
}

/** Whether a secret is the one that was hashed; takes as long either way. */
export async function isSecret(secret: string, hash: string): Promise<boolean> {
  const [, salt = '', expected = ''] = hash.split('$');
  const found = await derive(secret, Buffer.from(salt, 'base64'));
  const wanted = Buffer.from(expected, 'base64');
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function sameText(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

export function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((done, failed) => {
    scrypt(secret, salt, 32, COST, (error, key) => (error ? failed(error) : done(key)));
  });
}
