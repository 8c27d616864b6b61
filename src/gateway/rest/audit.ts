import { Readable } from 'node:stream';
import { Hono } from 'hono';
import { z } from 'zod';
import { openSource } from '../../node/audit/source';
import { type ExportOptions, linesOf, zipOf } from '../../node/export/exportLog';
import { rangeOf } from '../../node/export/period';
import { instantOf } from '../../shared/audit/instant';
import { mayExport } from '../../shared/audit/permission';
import type { LogPosition } from '../../shared/log/event';
import type { Policies } from '../../shared/policy/inForce';
import type { Clock } from '../../shared/time';
import type { GatewayLog } from '../log';
import type { Variables } from './give';

export interface AuditRestOptions {
  readonly log: GatewayLog;
  /** The log's file, read by a connection of each export's own. */
  readonly logFile: string;
  readonly policies: () => Policies;
  readonly clock: Clock;
  readonly desk: { readonly name: string; readonly version: string; readonly publicKey: string };
  /** The gateway's signature over a place in the log. */
  readonly sign: (position: LogPosition) => string;
}

const query = z.object({
  from: z.string().max(40).optional(),
  to: z.string().max(40).optional(),
  format: z.enum(['zip', 'jsonl', 'csv']).default('zip'),
});

const MEDIA = {
  zip: 'application/zip',
  jsonl: 'application/jsonl',
  csv: 'text/csv; charset=utf-8',
};

/** `GET /audit/export`: the record as a stream, whatever its size; on the record before its first byte. */
export function auditRoutes(options: AuditRestOptions): Hono<Variables> {
  const { log, clock, desk } = options;
  const app = new Hono<Variables>();

  app.get('/export', (context) => {
    const operator = context.get('operator');
    if (!mayExport(operator.roles, options.policies().operations)) {
      return context.json({ detail: 'your role may not export the record' }, 403);
    }
    const asked = query.safeParse(context.req.query());
    const from = instantOf(asked.data?.from ?? null, 'start');
    const to = instantOf(asked.data?.to ?? null, 'end');
    if (!asked.success || from === undefined || to === undefined) {
      const detail = 'from and to are a day or an instant of ISO 8601; format is zip, jsonl or csv';
      return context.json({ detail }, 400);
    }
    const { format } = asked.data;
    const source = openSource([options.logFile]);
    const range = rangeOf(source, from, to);
    const [last] = range.toSeq >= range.fromSeq ? source.rows(range.toSeq, 1) : [];
    log.append({
      type: 'audit.exported',
      actor: { id: operator.id, role: operator.roles[0] ?? 'viewer', terminal: 'rest' },
      data: {
        ...{ format, from, to, lastHash: last?.hash ?? null },
        firstSeq: range.fromSeq,
        lastSeq: range.toSeq,
      },
    });
    const policies = Object.entries(log.state().policies).map(([name, one]) => [name, one.version]);
    const request: ExportOptions = {
      ...{ source, range, period: { from, to }, publicKey: desk.publicKey },
      checkpoint: last
        ? { seq: last.seq, note: options.sign({ seq: last.seq, hash: last.hash }) }
        : null,
      info: {
        ...{ madeAt: clock(), madeBy: operator.id, desk: desk.name },
        software: `vigia-gateway ${desk.version}`,
        policies: Object.fromEntries(policies) as Record<string, string>,
        time: { source: "the gateway's clock, as it stamped each event", offsetMs: null },
      },
      signal: context.req.raw.signal,
      onProgress: () => undefined,
    };
    const content = format === 'zip' ? zipOf(request) : linesOf(request, format);
    // Closed however it ends: read to its end, broken off by the caller, or failed.
    content.once('close', () => source.close());
    content.on('error', () => content.destroy());
    const name = `vigia-${range.fromSeq}-${range.toSeq}.${format}`;
    return new Response(Readable.toWeb(content) as ReadableStream, {
      headers: {
        'content-type': MEDIA[format],
        'content-disposition': `attachment; filename="${name}"`,
        'x-vigia-first-seq': String(range.fromSeq),
        'x-vigia-last-seq': String(range.toSeq),
      },
    });
  });
  return app;
}
