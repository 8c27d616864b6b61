import type { Message, Rendered } from '../../src/shared/notify/message';

/** Text that means something to Slack, to a browser, to a mail header and to the direction of writing. */
export const HOSTILE =
  '<!channel> <@U123> <http://mal.example|pulse> <img src=x onerror=alert(1)> & "\' \r\nBcc: x@mal.example\u202e\u0000*_`';

export function message(change: Partial<Message> = {}): Message {
  return {
    ...{ key: 'kill:1', kind: 'kill', level: 'p0', at: Date.UTC(2026, 0, 5, 14, 0, 1) },
    fields: [{ label: 'reason', value: HOSTILE }],
    page: { action: 'trigger', keys: ['kill:1'] },
    ...change,
  };
}

export function rendered(change: Partial<Rendered> = {}): Rendered {
  return {
    ...{ key: 'kill:1', level: 'p0', language: 'es', kind: 'kill', at: 1, source: 'USD/COP' },
    ...{ title: 'PARADA', lead: 'Se detuvo.', time: '2026-01-05 09:00:01 COT' },
    fields: [{ label: 'Motivo', value: HOSTILE }],
    ...{ runbook: 'https://docs/runbook#kill-switch', to: [], toAlone: false },
    ...change,
  };
}
