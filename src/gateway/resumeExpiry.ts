import type { Clock } from '../shared/time';
import type { GatewayLog } from './log';

/** Longest wait of a Node timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** Takes back, on the record, a resume whose second person did not come in time. @returns the call that ends it. */
export function expireResumes(log: GatewayLog, clock: Clock): () => void {
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    clearTimeout(timer);
    const now = clock();
    const requests = log.state().resumeRequests;
    const due = requests.filter(({ expiresAt }) => expiresAt <= now);
    if (due.length > 0) {
      // Recording them calls this again.
      log.append(
        ...due.map(({ id }) => ({
          type: 'ops.resume_withdrawn' as const,
          commandId: id,
          data: { request: id, cause: 'expired' as const },
        })),
      );
      return;
    }
    if (requests.length === 0) return;
    const next = Math.min(...requests.map(({ expiresAt }) => expiresAt));
    timer = setTimeout(look, Math.min(next - now, MAX_WAIT_MS));
  }

  const leave = log.onRecorded((event) => {
    if (event.type.startsWith('ops.resume') || event.type === 'kill.requested') look();
  });
  look();
  return () => {
    leave();
    clearTimeout(timer);
  };
}
