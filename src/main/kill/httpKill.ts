import { z } from 'zod';
import { httpUrl } from '../config';
import type { HttpKillAnswer } from './killDesk';
import type { KillCommand } from './localKills';

const TIMEOUT_MS = 5_000;
const answerSchema = z.object({
  success: z.literal(true),
  command_id: z.string(),
  unsaved: z.boolean().optional(),
});

/** Gives a kill to one gateway by HTTP, under the id it has on the socket. */
export async function postKill(
  address: string,
  token: string,
  command: KillCommand,
  fetchUrl: typeof fetch = fetch,
): Promise<HttpKillAnswer> {
  const { params, id, issuedAt } = command;
  const response = await fetchUrl(`${httpUrl(address)}/operations/kill-switch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      command_id: id,
      reason: params.reason,
      close_positions: params.closePositions,
      notify_team: params.notifyTeam,
      scope: params.scope,
      origin: params.origin,
      issued_at: issuedAt,
    }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  });
  const body = answerSchema.safeParse(await response.json().catch(() => null));
  // Only an answer of the right shape is an acknowledgement; a proxy's page is not.
  if (response.ok && body.success && body.data.command_id === id) {
    return { ok: true, unsaved: body.data.unsaved === true, message: '' };
  }
  return { ok: false, unsaved: false, message: `HTTP ${response.status}` };
}
