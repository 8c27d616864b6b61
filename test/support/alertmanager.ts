/** Alertmanager's webhook payload of version 4, as its documentation shows it. */
export function alertmanagerPayload(alerts: readonly object[], change: object = {}) {
  return {
    version: '4',
    groupKey: '{}:{alertname="HighErrorRate"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'vigia',
    groupLabels: { alertname: 'HighErrorRate' },
    commonLabels: { alertname: 'HighErrorRate', severity: 'critical' },
    commonAnnotations: {},
    externalURL: 'http://alertmanager:9093',
    alerts,
    ...change,
  };
}

/** One alert of it. */
export function firing(fingerprint: string, labels: object = {}, change: object = {}) {
  return {
    status: 'firing',
    labels: { alertname: 'HighErrorRate', severity: 'critical', job: 'inference', ...labels },
    annotations: {
      summary: 'Error rate above 5 %',
      description: 'The error rate of inference is 0.12',
      runbook_url: 'https://wiki.example.com/runbooks/errors',
    },
    startsAt: '2026-02-02T13:58:26.739266876Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus:9090/graph?g0.expr=up',
    fingerprint,
    ...change,
  };
}
