import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ConfigError } from './config';

/** Milliseconds after which a gateway that says nothing is given up. */
const TIMEOUT_MS = 10_000;

/**
 * Registers a model by its card with a gateway that runs.
 *
 * @param cardFile YAML in the card's template.
 * @param gateway `http://host:port` or `https://…`.
 * @param token an operator's.
 * @returns what to print.
 * @throws {ConfigError} in words a person can act on.
 */
export async function registerModel(
  cardFile: string,
  gateway: string,
  token: string | undefined,
): Promise<string> {
  if (!token) throw new ConfigError('set VIGIA_TOKEN to an operator’s token');
  let card: unknown;
  try {
    card = parse(readFileSync(cardFile, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${cardFile} cannot be read: ${(error as Error).message}`);
  }
  const answer = await fetch(new URL('/models', gateway), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(card),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    const { cause } = error as { cause?: Error };
    throw new ConfigError(`${gateway} cannot be reached: ${cause?.message ?? String(error)}`);
  });
  const said = (await answer.json().catch(() => ({}))) as Record<string, string>;
  if (!answer.ok) throw new ConfigError(`${cardFile}: ${said.detail ?? answer.statusText}`);
  return `${said.model_id} ${said.version}: ${said.status}`;
}
