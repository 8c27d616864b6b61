import {
  freqtradeSettingsSchema,
  runFreqtradeBridge,
} from '../../src/gateway/engines/freqtrade/run';
import {
  inferenceSettingsSchema,
  runInferenceBridge,
} from '../../src/gateway/engines/inference/run';

/** A bridge to an inference service in this process, as its program starts it. */
export function startInference(
  port: number,
  address: string,
  change: object = {},
): ReturnType<typeof runInferenceBridge> & { said: string[] } {
  const said: string[] = [];
  const settings = inferenceSettingsSchema.parse({
    ...{ gateway: `ws://127.0.0.1:${port}`, token: 'engine-token', id: 'usdcop', name: 'USD/COP' },
    ...{ address, secrets: { apiKey: 'key' }, options: { environment: 'paper' }, ...change },
  });
  const running = runInferenceBridge(settings, {
    say: (text) => void said.push(text),
    refused: () => void said.push('refused'),
  });
  return { ...running, said };
}

/** A bridge to a freqtrade bot in this process, as its program starts it. */
export function startFreqtrade(
  port: number,
  address: string,
  change: object = {},
): ReturnType<typeof runFreqtradeBridge> & { said: string[] } {
  const said: string[] = [];
  const settings = freqtradeSettingsSchema.parse({
    ...{ gateway: `ws://127.0.0.1:${port}`, token: 'engine-token', id: 'bot', name: 'Bot' },
    ...{ address, secrets: { username: 'bot', password: 'secret' }, ...change },
  });
  const running = runFreqtradeBridge(settings, {
    say: (text) => void said.push(text),
    refused: () => void said.push('refused'),
  });
  return { ...running, said };
}
