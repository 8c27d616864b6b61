import type { auditCalls } from '../../shared/audit/calls';
import type { AuditPage } from '../../shared/audit/query';
import type { IpcHandlers } from '../ipc/serve';
import type { AuditDesk } from './auditDesk';
import type { PastGuard } from './past';

/** What the windows may ask of the record. */
export function auditHandlers(
  audit: AuditDesk,
  past: PastGuard,
): Pick<IpcHandlers, keyof typeof auditCalls> {
  return {
    'audit.page': ({ source, ...query }) => audit.page(source, query),
    'audit.cancel': ({ source }) => done(audit.cancel(source)),
    'audit.values': ({ source }) => audit.ask(source, { ask: 'values' }),
    'audit.story': async ({ source, command }) =>
      (await audit.ask(source, { ask: 'story', command })) as AuditPage['events'],
    'audit.past': async ({ source, at }, window) => {
      if (at === null) return done(past.leave(window));
      const question = past.ask(window);
      const found = await audit.past(source, at);
      // A record that does not reach there leaves the window where it is.
      return found && past.enter(window, question) ? found : null;
    },
    'audit.verify': async ({ source }) => done(await audit.verify(source)),
    'audit.export': async ({ format, from, to }) => ({
      path: await audit.exportTo(format, from, to),
    }),
    'audit.import': async ({ kind }) => ({ path: await audit.importFrom(kind) }),
    'audit.closeImported': () => done(audit.closeImported()),
    'audit.copy': ({ text }) => done(audit.copy(text)),
    'audit.cancelJob': () => done(audit.cancelJob()),
    'audit.state': () => audit.state(),
  };
}

function done(_nothing: unknown): null {
  return null;
}
