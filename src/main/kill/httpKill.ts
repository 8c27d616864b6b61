import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { z } from 'zod';
import { httpUrl } from '../config';
import { clientTls, type Transport } from '../link/transport';
import type { HttpKillAnswer } from './killDesk';
import type { KillCommand } from './localKills';

const TIMEOUT_MS = 5_000;
/** An answer of the gateway is a few hundred bytes; what is longer is not one. */
const MAX_ANSWER_BYTES = 65_536;
const answerSchema = z.object({
  success: z.literal(true),
  command_id: z.string(),
  unsaved: z.boolean().optional(),
});

/**
 * Gives a kill to one gateway by HTTP, under the id it has on the socket. It does not wait for the
 * positions: what is asked for is that the gateway has it, and its course comes with the log.
 *
 * @throws the network's error when there is no answer within 5 s.
 */
export async function postKill(
  address: string,
  token: string,
  transport: Transport,
  command: KillCommand,
): Promise<HttpKillAnswer> {
  const { params, id, issuedAt } = command;
  const { status, text } = await post(
    `${httpUrl(address)}/operations/kill-switch`,
    token,
    transport,
    {
      command_id: id,
      reason: params.reason,
      close_positions: params.closePositions,
      notify_team: params.notifyTeam,
      scope: params.scope,
      origin: params.origin,
      issued_at: issuedAt,
      wait_for_proof: false,
    },
  );
  const body = answerSchema.safeParse(readJson(text));
  // Only an answer of the right shape is an acknowledgement; a proxy's page is not.
  if (status === 200 && body.success && body.data.command_id === id) {
    return { ok: true, unsaved: body.data.unsaved === true, message: '' };
  }
  return { ok: false, unsaved: false, message: `HTTP ${status}` };
}

function post(
  url: string,
  token: string,
  transport: Transport,
  body: object,
): Promise<{ status: number; text: string }> {
  return new Promise((done, failed) => {
    const tls = url.startsWith('https:');
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      // A connection of its own: one that was kept open may be half dead.
      agent: false as const,
    };
    const request = tls
      ? requestTls(url, { ...options, ...clientTls(transport) })
      : requestPlain(url, options);
    request.on('error', failed);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', failed);
      response.on('end', () => done({ status: response.statusCode ?? 0, text }));
    });
    request.end(JSON.stringify(body));
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
