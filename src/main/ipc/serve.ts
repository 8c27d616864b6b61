import type { z } from 'zod';
import type { IpcCall, IpcResult } from '../../shared/ipc/contract';
import { ipcCalls } from '../../shared/ipc/contract';
import type { Failure, Result } from '../../shared/result';
import { fail, ok } from '../../shared/result';
import { Refusal } from './refusal';
import type { Caller, OwnPages } from './sender';
import { isOwnCaller } from './sender';

export type IpcHandlers = {
  readonly [Call in IpcCall]: (
    args: z.output<(typeof ipcCalls)[Call]['args']>,
    /** Id of the window's contents. */
    window: number,
  ) => IpcResult<Call> | Promise<IpcResult<Call>>;
};

/** The narrow side of `ipcMain`, so that a test can stand in for it. */
export interface CallSource {
  handle(channel: string, listener: (event: Caller, args: unknown) => unknown): void;
}

/** Wires the contract: sender, then schema, then handler; always a `Result`. */
export function serveCalls(
  source: CallSource,
  handlers: IpcHandlers,
  own: OwnPages,
  onDefect: (channel: string, error: unknown) => void,
  refuses: (channel: IpcCall, window: number) => Failure | null = () => null,
): void {
  for (const channel of Object.keys(ipcCalls) as IpcCall[]) {
    source.handle(channel, (event, args) => answer(channel, event, args));
  }

  async function answer(channel: IpcCall, event: Caller, args: unknown): Promise<Result<unknown>> {
    // SECURITY: a page that is not ours gets no answer but a refusal.
    if (!isOwnCaller(event, own)) return fail('forbidden', 'this page may not call');
    const parsed = ipcCalls[channel].args.safeParse(args);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const where = issue?.path.map(String).join('.') || 'arguments';
      return fail('bad_args', `${channel}: ${where}: ${issue?.message ?? 'wrong shape'}`);
    }
    const refusal = refuses(channel, event.sender.id);
    if (refusal) return { ok: false, error: refusal };
    try {
      const handler = handlers[channel] as (args: unknown, window: number) => unknown;
      return ok(await handler(parsed.data, event.sender.id));
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, error: error.failure };
      onDefect(channel, error);
      return fail('internal', `${channel} failed`);
    }
  }
}
