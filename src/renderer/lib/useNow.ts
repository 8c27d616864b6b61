import { useEffect, useState } from 'react';

/** The present time, again every `everyMs`, on the beat so that clocks step together. */
export function useNow(everyMs = 1_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const beat = (): void => {
      setNow(Date.now());
      timer = setTimeout(beat, everyMs - (Date.now() % everyMs));
    };
    beat();
    return () => clearTimeout(timer);
  }, [everyMs]);
  return now;
}
