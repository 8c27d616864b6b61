/** The three sounds of the desk, made here: no file, no device but the default. */
export type Sound = 'acknowledged' | 'warning' | 'emergency';

interface Tone {
  readonly hertz: number;
  readonly ms: number;
}

const TONES: Readonly<Record<Exclude<Sound, 'emergency'>, readonly Tone[]>> = {
  acknowledged: [{ hertz: 660, ms: 90 }],
  warning: [
    { hertz: 520, ms: 160 },
    { hertz: 390, ms: 220 },
  ],
};
/** What a test of the siren sounds for. */
const TEST_MS = 1_200;
const LOUDEST = 0.25;

/** Sounds once. @param volume 0…1 */
export function play(sound: Sound, volume: number): void {
  if (sound === 'emergency') {
    const stop = sirenOn(volume);
    setTimeout(stop, TEST_MS);
    return;
  }
  const { context, oscillator } = voice('sine', volume);
  let at = context.currentTime;
  for (const { hertz, ms } of TONES[sound]) {
    oscillator.frequency.setValueAtTime(hertz, at);
    at += ms / 1_000;
  }
  oscillator.start();
  oscillator.stop(at);
  oscillator.onended = () => void context.close();
}

let siren: (() => void) | null = null;

/** The emergency sound, two tones in turn until {@link stopSiren}. */
export function startSiren(volume: number): void {
  siren ??= sirenOn(volume);
}

export function stopSiren(): void {
  siren?.();
  siren = null;
}

function sirenOn(volume: number): () => void {
  const { context, oscillator } = voice('square', volume);
  oscillator.frequency.value = 880;
  oscillator.start();
  let high = true;
  const timer = setInterval(() => {
    high = !high;
    oscillator.frequency.setValueAtTime(high ? 880 : 620, context.currentTime);
  }, 400);
  return () => {
    clearInterval(timer);
    oscillator.stop();
    void context.close();
  };
}

function voice(type: OscillatorType, volume: number) {
  const context = new AudioContext();
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = type;
  gain.gain.value = Math.max(0, Math.min(1, volume)) * LOUDEST;
  oscillator.connect(gain).connect(context.destination);
  return { context, oscillator };
}
