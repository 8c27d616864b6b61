import type { DeskView } from '@shared/view/desk';
import { useEffect, useRef } from 'react';
import { soundingIncident } from '../desk/incidents.state';
import { play, startSiren, stopSiren } from './sounds';
import { openKillDialog, useApp } from './store';

/** The key, in a window of ours, that opens the kill dialog; it never fires. */
export const KILL_DIALOG_KEY = 'F9';

export function useKillKey(origin: 'panel' | 'console'): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== KILL_DIALOG_KEY || event.repeat) return;
      event.preventDefault();
      if (useApp.getState().dialog?.kind !== 'kill') openKillDialog(origin);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [origin]);
}

/**
 * Sounds the siren while a kill given here is alarming, and while nobody has acknowledged a P0. One
 * window, the panel, does.
 */
export function useSiren(view: DeskView | null, silenced: ReadonlySet<string>): void {
  const alarming =
    view !== null &&
    (view.kills.some((kill) => kill.alarm) || soundingIncident(view, silenced) !== null);
  const volume = useApp((state) => state.settings?.soundVolume ?? 0.8);
  useEffect(() => {
    if (!alarming) return;
    startSiren(volume);
    return stopSiren;
  }, [alarming, volume]);
}

/**
 * A short sound when a kill given here was taken, and another when the link or the record is lost or a
 * gateway has another history. One window, the panel, does.
 */
export function useNewsSounds(view: DeskView | null): void {
  const volume = useApp((state) => state.settings?.soundVolume ?? 0.8);
  const taken = view?.kills.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length ?? 0;
  const mirror = view?.mirror.state;
  const lost = [
    view?.link.state === 'down' || mirror === 'quarantined' || mirror === 'broken',
    (view?.link.strangers.length ?? 0) > 0,
  ].filter(Boolean).length;
  const before = useRef({ taken, lost });
  useEffect(() => {
    const was = before.current;
    before.current = { taken, lost };
    if (lost > was.lost) play('warning', volume);
    else if (taken > was.taken) play('acknowledged', volume);
  }, [taken, lost, volume]);
}

/** The warning's sound for a notice on this desktop that is critical or worse. One window, the panel, does. */
export function useNoticeSound(): void {
  const volume = useApp((state) => state.settings?.soundVolume ?? 0.8);
  useEffect(
    () =>
      window.vigia.on('notice.shown', ({ level }) => {
        if (level === 'critical' || level === 'p0') play('warning', volume);
      }),
    [volume],
  );
}
