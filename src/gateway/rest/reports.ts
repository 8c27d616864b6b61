import type { Context } from 'hono';
import { Hono } from 'hono';
import type { Policies } from '../../shared/policy/inForce';
import { reportLanguageSchema } from '../../shared/reports/events';
import type { GatewayLog } from '../log';
import { OtherFiguresError, type ReportFiles } from '../reports/files';
import type { Variables } from './give';

const TYPES = {
  'report.json': 'application/json; charset=utf-8',
  html: 'text/html; charset=utf-8',
  pdf: 'application/pdf',
} as const;

/** SECURITY: a page that is opened from here runs nothing and fetches nothing. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** Calls about reports, under `/reports`. A terminal gives the printing of one here. */
export function reportRoutes(options: {
  readonly log: GatewayLog;
  readonly reports: Pick<ReportFiles, 'read' | 'takePdf'>;
  readonly policies: () => Policies;
}): Hono<Variables> {
  const { log, reports } = options;
  const app = new Hono<Variables>();

  app.get('/', (context) => context.json({ reports: log.state().reports.made }));

  app.get('/:id/:file', async (context) => {
    const file = fileOf(context.req.param('file'));
    let content: Uint8Array | null;
    try {
      content = file && (await reports.read(context.req.param('id'), file));
    } catch (error) {
      if (!(error instanceof OtherFiguresError)) throw error;
      return context.json({ detail: error.message }, 409);
    }
    if (!file || !content) return context.json({ detail: 'no such report here' }, 404);
    const type = file === 'report.json' ? TYPES[file] : TYPES[file.slice(3) as 'html' | 'pdf'];
    const headers = { 'content-type': type, 'content-security-policy': PAGE_POLICY };
    return new Response(Buffer.from(content), { headers });
  });

  app.put('/:id/:file', async (context) => {
    const operator = context.get('operator');
    const { make } = options.policies().reports.permissions;
    if (!operator.roles.some((role) => make.includes(role))) {
      return context.json({ detail: 'your roles may not make a report' }, 403);
    }
    const file = fileOf(context.req.param('file'));
    if (!file?.endsWith('.pdf')) return context.json({ detail: 'only a PDF is taken' }, 400);
    const language = reportLanguageSchema.parse(file.slice(0, 2));
    const pdf = new Uint8Array(await context.req.arrayBuffer());
    return answer(context, await reports.takePdf(context.req.param('id'), language, pdf));
  });

  return app;
}

function answer(
  context: Context<Variables>,
  taken: Awaited<ReturnType<ReportFiles['takePdf']>>,
): Response {
  if (taken === 'unknown') return context.json({ detail: 'no such report by schedule' }, 404);
  if (taken === 'not_a_pdf') return context.json({ detail: 'that is not a PDF' }, 400);
  return context.json({ taken: taken === 'taken' }, 200);
}

function fileOf(name: string): Parameters<ReportFiles['read']>[1] | null {
  const known = ['report.json', 'es.html', 'en.html', 'es.pdf', 'en.pdf'] as const;
  return known.find((one) => one === name) ?? null;
}
