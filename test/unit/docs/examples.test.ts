import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineMessages, engineOrders } from '../../../src/shared/protocol/engine';
import { parseFrame } from '../../../src/shared/protocol/frame';
import {
  controlReplies,
  controlRequests,
  telemetryReplies,
} from '../../../src/shared/protocol/terminal';

const SCHEMAS = {
  'control-request': controlRequests,
  'control-reply': controlReplies,
  'telemetry-reply': telemetryReplies,
  'engine-message': engineMessages,
  'engine-order': engineOrders,
} as const;
type Kind = keyof typeof SCHEMAS;

function examples(file: string): { kind: Kind; text: string }[] {
  const text = readFileSync(resolve(import.meta.dirname, '../../../docs', file), 'utf8');
  const blocks = text.matchAll(/```json (\S+)\n(.*?)\n```/gs);
  return [...blocks].map(([, kind, body]) => ({ kind: kind as Kind, text: body ?? '' }));
}

describe.each(['protocol.md', 'engines.md'])('docs/%s', (file) => {
  it.each(examples(file))('$kind $text', ({ kind, text }) => {
    const parsed = parseFrame(text, SCHEMAS[kind]);
    expect(parsed.ok ? null : parsed.error).toBeNull();
  });
});

it('the documents show every message', () => {
  const shown = [...examples('protocol.md'), ...examples('engines.md')].map(({ kind, text }) => {
    return `${kind} ${(JSON.parse(text) as { type: string }).type}`;
  });
  // Heartbeats are the same both ways and on both sockets; they are shown once.
  const common = new Set(['ping', 'pong', 'hello', 'welcome', 'slow', 'error']);
  for (const [kind, schemas] of Object.entries(SCHEMAS)) {
    for (const type of Object.keys(schemas)) {
      if (!common.has(type)) expect(shown).toContain(`${kind} ${type}`);
    }
  }
});
