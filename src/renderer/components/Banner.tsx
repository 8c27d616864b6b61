import { timeOfDay } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { CircleAlert, CircleCheck, CirclePause, Dumbbell, OctagonX, Unplug } from 'lucide-react';
import type { DeskStatus, StatusWord } from '../desk/desk.state';
import type { drillExtent } from '../desk/drill.state';
import { sumLeft } from '../desk/left.state';
import { useT } from '../i18n';
import { notionalText } from './Notional';

type Tone = 'plain' | 'killed' | 'warn' | 'good' | 'off' | 'drill';

const TONES: Readonly<Record<StatusWord, Tone>> = {
  unknown: 'off',
  disconnected: 'off',
  normal: 'plain',
  reducing: 'plain',
  paused: 'plain',
  sent: 'warn',
  accepted: 'warn',
  unconfirmed: 'warn',
  partial: 'killed',
  halted: 'killed',
  flat: 'good',
};

const SHAPES = {
  drill: Dumbbell,
  killed: OctagonX,
  warn: CircleAlert,
  good: CircleCheck,
  off: Unplug,
} as const;

/** The mode banner: the one word, and beside it only what the word leaves out. */
export function Banner(props: {
  readonly status: DeskStatus;
  readonly drill: ReturnType<typeof drillExtent>;
  readonly large?: boolean;
  /** It is what the word was, not what it is. */
  readonly past?: boolean;
}) {
  const t = useT();
  const { status, drill, large = false, past = false } = props;
  // A rehearsal never looks like the real thing; a real kill beside one always does.
  const own = TONES[status.word];
  // A plain word that something may be missing from is not a plain one.
  const toned = own === 'plain' && status.stale === 'log' ? 'warn' : own;
  const tone = drill === 'only' && status.word !== 'disconnected' ? 'drill' : toned;
  const Shape = tone === 'plain' ? CirclePause : SHAPES[tone];
  return (
    <div
      role="status"
      className={`banner flex items-center gap-3 px-3 ${large ? 'h-16' : 'h-[68px]'}`}
      data-tone={tone}
      data-word={status.word}
      data-past={past}
    >
      {past && <span className="text-[20px]">{t('past.title')}</span>}
      {status.word !== 'normal' && <Shape size={22} aria-hidden />}
      <div className={`min-w-0 flex-1 ${large ? 'flex items-center gap-3' : ''}`}>
        <strong
          className={`block whitespace-nowrap ${large ? 'text-[32px]' : 'text-[20px] leading-6'}`}
        >
          {drill !== 'none' && (
            <span className={large ? '' : 'text-[12px]'}>
              {t(drill === 'only' ? 'drill.mark' : 'drill.beside')}
              {' · '}
            </span>
          )}
          {t(`word.${status.word}`)}
          {status.waitingSeconds !== null && (
            <span className="figure"> {status.waitingSeconds} s</span>
          )}
        </strong>
        <span className={`block min-w-0 text-[12px] leading-tight ${large ? 'flex-1' : ''}`}>
          {useNotes(status).join(' · ')}
        </span>
      </div>
    </div>
  );
}

function useNotes(status: DeskStatus): readonly string[] {
  const t = useT();
  const notes: string[] = [];
  if (status.word === 'unknown') notes.push(t('banner.unknown'));
  if (status.unlogged) notes.push(t('banner.unlogged'));
  if (status.lastKnown) {
    notes.push(t('banner.lastKnown', { word: t(`word.${status.lastKnown}`) }));
  }
  if (status.killed.length > 0 && status.free.length > 0) {
    const all = status.killed.length + status.free.length;
    notes.push(t('banner.scoped', { killed: status.killed.length, all }));
  }
  if (status.left.length > 0) {
    const { notional, incomplete } = sumLeft(status.left);
    notes.push(
      t('banner.left', {
        count: status.left.length,
        notional: notionalText(notional, incomplete, t),
      }),
    );
  }
  if (status.unreachable.length > 0) {
    notes.push(t('banner.unreachable', { count: status.unreachable.length }));
  }
  // While the seconds count, they say since when, and the link's own line says how it stands.
  const counting = status.waitingSeconds !== null;
  if (status.stale && !counting && !status.lastKnown && status.word !== 'unknown') {
    notes.push(t(status.stale === 'link' ? 'banner.stale' : 'banner.unheard'));
  }
  if (status.since && !counting && status.word !== 'normal') {
    notes.push(t('banner.since', { time: timeOfDay(status.since) }));
  }
  return notes;
}

/** The environment's word in its frame. */
export function EnvironmentMark({ environment }: { environment: DeskView['environment'] }) {
  const t = useT();
  const look =
    environment === 'paper'
      ? 'hatched'
      : environment === 'live'
        ? 'border border-text text-text'
        : 'border border-dashed border-amber text-amber';
  return (
    <span className={`rounded-md px-2 py-0.5 text-[13px] font-bold whitespace-nowrap ${look}`}>
      {t(environment === null ? 'env.unknown' : `env.${environment}`)}
    </span>
  );
}
