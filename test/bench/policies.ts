import { modelsPolicy, quickPolicies, shippedPolicy } from '../support/desk';
import { monitorPolicy } from '../support/monitor';

/** The shipped policies, but for what keeps two models from being swapped to and fro, as a bench must. */
export const forthAndBack: typeof quickPolicies = {
  ...quickPolicies,
  operations: { document: shippedPolicy, hash: 'bench' },
  models: {
    document: { ...modelsPolicy, rollback: { ...modelsPolicy.rollback, rolledAwayMs: 1 } },
    hash: 'bench',
  },
  // A model that was rolled away from in an incident is no target while that is open.
  incidents: {
    document: {
      ...quickPolicies.incidents.document,
      opening: { ...quickPolicies.incidents.document.opening, alerts: [] },
    },
    hash: 'bench',
  },
  monitor: {
    document: {
      ...monitorPolicy,
      cooldownMs: 1,
      checkEveryMs: 2_000,
      session: { ...monitorPolicy.session, always: true },
    },
    hash: 'bench',
  },
};
