import clsx from 'clsx';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { clip } from '../lib/format';
import { useApp } from '../lib/store';

/** Text from outside: never markup, never able to turn its neighbours round, never too long. */
export function Hostile({ text, max = 120 }: { text: string; max?: number }) {
  return (
    <bdi className="break-words" title={text.length > max ? clip(text, 1_000) : undefined}>
      {clip(text, max)}
    </bdi>
  );
}

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly tone?: 'plain' | 'kill' | 'icon';
  /** It only looks: it works in the past too. */
  readonly browse?: boolean;
};

/** A control. In the past none works, but those that only look and the one that stops everything. */
export function Button({
  tone = 'plain',
  browse = false,
  className,
  disabled,
  ...rest
}: ButtonProps) {
  const past = useApp((state) => state.past !== null);
  return (
    <button
      type="button"
      className={clsx(
        'rounded-md border disabled:cursor-not-allowed disabled:text-muted',
        tone === 'plain' && 'border-line bg-raised px-3 py-1.5 hover:border-muted',
        tone === 'kill' &&
          'border-red-solid bg-red-solid px-3 font-bold text-white hover:brightness-110 disabled:border-line disabled:bg-raised',
        tone === 'icon' && 'border-transparent p-1 text-muted hover:text-text',
        className,
      )}
      disabled={disabled === true || (past && !browse && tone !== 'kill')}
      {...rest}
    />
  );
}

/** A figure in tabular digits; greyed, with its age said, when it is old. */
export function Figure({ stale, children }: { stale: boolean; children: ReactNode }) {
  return <span className={clsx('figure', stale && 'text-muted italic')}>{children}</span>;
}

export function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label className="block">
      <span className="mb-1 block text-[12px] text-muted">{label}</span>
      {children}
    </label>
  );
}

export const INPUT = 'w-full rounded-md border border-line bg-bg px-2 py-1.5 text-text select-text';
