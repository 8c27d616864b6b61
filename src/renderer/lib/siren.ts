/** The emergency sound: two tones in turn, until stopped. Made here; no file, no device but the default. */
let stopPresent: (() => void) | null = null;

export function startSiren(volume: number): void {
  if (stopPresent) return;
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = 'square';
  oscillator.frequency.value = 880;
  gain.gain.value = Math.max(0, Math.min(1, volume)) * 0.25;
  oscillator.connect(gain).connect(context.destination);
  oscillator.start();
  let high = true;
  const timer = setInterval(() => {
    high = !high;
    oscillator.frequency.setValueAtTime(high ? 880 : 620, context.currentTime);
  }, 400);
  stopPresent = () => {
    clearInterval(timer);
    oscillator.stop();
    void context.close();
  };
}

export function stopSiren(): void {
  stopPresent?.();
  stopPresent = null;
}
