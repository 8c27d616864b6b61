import { bridgeFromArguments, runProgram } from '../client/program';
import { freqtradeSettingsSchema, probeFreqtrade, runFreqtradeBridge } from './run';

runProgram({
  name: 'freqtrade-bridge',
  settings: freqtradeSettingsSchema,
  fromArguments: () =>
    bridgeFromArguments({
      username: process.env.VIGIA_SERVICE_USER ?? '',
      password: process.env.VIGIA_SERVICE_KEY ?? '',
    }),
  async start(settings, context) {
    if (!settings.probe) return runFreqtradeBridge(settings, context);
    context.tell({ type: 'probed', report: await probeFreqtrade(settings) });
    return { stop: () => undefined };
  },
});
