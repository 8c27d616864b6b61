import { instantOf } from '@shared/audit/instant';
import { timestamp } from '@shared/time';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { INPUT } from './ui';

/** A time as it is typed; it counts once it can be understood. */
export function Instant(props: {
  readonly label: string;
  readonly edge: 'start' | 'end';
  readonly value: number | null;
  readonly onChange: (ts: number | null) => void;
}) {
  const t = useT();
  const [text, setText] = useState('');
  const understood = instantOf(text, props.edge);
  // Cleared or set from elsewhere: what is typed follows.
  useEffect(() => {
    setText((now) =>
      instantOf(now, props.edge) === props.value
        ? now
        : props.value === null
          ? ''
          : timestamp(props.value),
    );
  }, [props.value, props.edge]);
  return (
    <input
      className={`${INPUT} ${understood === undefined ? 'border-amber' : ''}`}
      aria-label={props.label}
      aria-invalid={understood === undefined}
      title={understood === undefined ? t('audit.badTime') : props.label}
      placeholder={`${props.label} ${t('audit.when')}`}
      maxLength={32}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        const ts = instantOf(event.target.value, props.edge);
        if (ts !== undefined) props.onChange(ts);
      }}
    />
  );
}
