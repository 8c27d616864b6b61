import { bridgeFromArguments, runProgram } from '../client/program';
import { inferenceSettingsSchema, probeInference, runInferenceBridge } from './run';

runProgram({
  name: 'inference-bridge',
  settings: inferenceSettingsSchema,
  fromArguments: () => bridgeFromArguments({ apiKey: process.env.VIGIA_SERVICE_KEY ?? '' }),
  async start(settings, context) {
    if (!settings.probe) return runInferenceBridge(settings, context);
    context.tell({ type: 'probed', report: await probeInference(settings) });
    return { stop: () => undefined };
  },
});
