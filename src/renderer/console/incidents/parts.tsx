import type { ReactNode } from 'react';
import { Button } from '../../components/ui';
import type { WhyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import type { Key } from '../../i18n/es';
import { duration } from '../../lib/format';

/** A part of the incident's page, with its name. */
export function Section(props: {
  readonly title: Key;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  const t = useT();
  return (
    <section aria-label={t(props.title)} className="rounded-md border border-line p-2">
      <div className="mb-1 flex items-center gap-2">
        <h3 className="flex-1 text-[13px] font-semibold">{t(props.title)}</h3>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

/** A button that says why it cannot be pressed. */
export function MayButton(props: {
  readonly why: WhyNot | null;
  readonly ready?: boolean;
  readonly submit?: boolean;
  readonly onClick?: () => void;
  readonly children: ReactNode;
}) {
  const t = useT();
  return (
    <Button
      type={props.submit ? 'submit' : 'button'}
      className="whitespace-nowrap"
      disabled={props.why !== null || props.ready === false}
      title={props.why ? t(props.why) : undefined}
      {...(props.onClick && { onClick: props.onClick })}
    >
      {props.children}
    </Button>
  );
}

/** Why nothing can be done here now, in words. */
export function Why({ why }: { why: WhyNot | null }) {
  const t = useT();
  return why ? <p className="text-[12px] text-amber">{t(why)}</p> : null;
}

/** Time until something: what is late is said to be, with by how much. */
export function Countdown({ leftMs }: { leftMs: number }) {
  const t = useT();
  if (leftMs >= 0)
    return <span className="figure">{t('clock.in', { time: duration(leftMs) })}</span>;
  return (
    <strong className="figure text-amber">{t('clock.late', { time: duration(-leftMs) })}</strong>
  );
}
