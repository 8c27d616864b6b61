import type { AuditFindings, AuditJob } from '@shared/audit/view';
import { tradingDay } from '@shared/time';
import { Button, Hostile } from '../../components/ui';
import { useT } from '../../i18n';
import { call } from '../../lib/call';
import { amount } from '../../lib/format';

/** Work on the record: how far it has come, and what it came to. */
export function Work({ job }: { job: AuditJob }) {
  const t = useT();
  const running = job.state === 'running';
  return (
    <section
      aria-label={t(`job.${job.kind}`)}
      className="flex items-center gap-3 border border-line p-2 text-[12px]"
    >
      <div className="min-w-0 flex-1">
        <p role="status">
          <strong>{t(`job.${job.kind}`)}</strong>{' '}
          {running
            ? t('job.running', {
                done: amount(job.done, 0),
                of: job.of > 0 ? amount(job.of, 0) : '…',
              })
            : t(`job.${job.state}`)}{' '}
          {job.path && job.kind !== 'verify' && (
            <span className="text-muted">
              <Hostile text={job.path} max={120} />
            </span>
          )}
        </p>
        {job.problem && (
          <p className="text-amber">
            <Hostile text={job.problem} max={300} />
          </p>
        )}
        {job.findings && <Findings findings={job.findings} />}
      </div>
      {running && (
        <>
          <progress
            aria-label={t(`job.${job.kind}`)}
            className="w-40"
            max={Math.max(1, job.of)}
            value={job.done}
          />
          <Button browse onClick={() => void call('audit.cancelJob', undefined)}>
            {t('job.cancel')}
          </Button>
        </>
      )}
    </section>
  );
}

/** What a verification found: green only for what was proven. */
function Findings({ findings }: { findings: AuditFindings }) {
  const t = useT();
  const { damage, events, head, deleted, signedTo, clock } = findings;
  return (
    <>
      {damage.map(({ kind, seq, detail }) => (
        <p key={`${kind}${seq}${detail}`} className="text-red">
          {seq === null
            ? t('job.badWhole', { kind: t(`damage.${kind}`) })
            : t('job.bad', { seq, kind: t(`damage.${kind}`) })}{' '}
          <Hostile text={detail} max={300} />
        </p>
      ))}
      {damage.length === 0 && (
        <p className="text-green">{t('job.holds', { events: amount(events, 0), seq: head.seq })}</p>
      )}
      {deleted && (
        <p>
          <Hostile
            text={t('job.begins', {
              ...{ first: deleted.last + 1, day: tradingDay(deleted.at) },
              ...{ by: deleted.by, seq: deleted.seq },
            })}
            max={300}
          />
        </p>
      )}
      <p className={signedTo === null ? 'text-amber' : 'text-muted'}>
        {signedTo === null ? t('job.unsigned') : t('job.signed', { seq: signedTo })}
        {clock.regressions > 0 &&
          ` ${t('job.clock', { count: clock.regressions, seq: clock.firstSeq ?? 0 })}`}
      </p>
    </>
  );
}
