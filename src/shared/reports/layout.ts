import type { Block, Language, TextDocument } from '../documents/document';
import { equityChart, pnlChart, uptimeChart } from './charts';
import type { Figure } from './figure';
import { awayMs } from './presence';
import type { Report, SuccessMetric } from './report';
import { cot, decimal, figureText, rangeText, targetText, timeText, valueText } from './text';
import { type ReportVocabulary, reportVocabulary } from './words';

/** What names a report: its id and the SHA-256 of its figures' canonical JSON. */
export interface ReportName {
  readonly id: string;
  readonly sha256: string;
}

/** A report as people read it: one layout for the window, HTML and paper. Times are in COT. */
export function reportLayout(report: Report, name: ReportName, language: Language): TextDocument {
  const words = reportVocabulary(language);
  const { word } = words;
  const { period, range } = report;
  const events =
    range.toSeq < range.fromSeq ? word('noEvents') : `${word('events')} ${rangeText(range)}`;
  const environment = report.environment ? words.name(report.environment) : word('unknown');
  return {
    language,
    title: reportTitle(report, language),
    subtitle: `${word('from')} ${cot(period.from)} ${word('to')} ${cot(period.to)} COT · ${events} · ${environment}`,
    footer: `log ${range.fromSeq}–${range.toSeq} · sha256 ${name.sha256}`,
    blocks: [
      heading(word('success')),
      successTable(report.success, words),
      ...moneyBlocks(report, words),
      ...modelBlocks(report, words),
      ...monitorBlocks(report, words),
      ...killBlocks(report, words),
      ...deploymentBlocks(report, words),
      ...incidentBlocks(report, words),
      ...deliveryBlocks(report, words),
      ...uptimeBlocks(report, words),
      ...dueBlocks(report, words),
      ...auditBlocks(report, name, words),
    ],
  };
}

/** `Informe diario 2026-02-02`; of more than a day, with both its days. */
export function reportTitle(
  { kind, period }: Pick<Report, 'kind' | 'period'>,
  language: Language,
): string {
  const [from, to] = [cot(period.from).slice(0, 10), cot(period.to - 1).slice(0, 10)];
  const days = kind === 'daily' || from === to ? to : `${from} – ${to}`;
  return `${reportVocabulary(language).word(kind)} ${days}`;
}

/** The plan's success metrics as rows: name, target, measured, samples, since, met, events. */
export function successTable(success: readonly SuccessMetric[], words: ReportVocabulary): Block {
  const { word, name } = words;
  return {
    kind: 'table',
    columns: [
      ...[word('metric'), word('target'), word('measured'), word('samples')],
      ...[word('since'), word('met'), word('events')],
    ],
    rows: success.map((one) => [
      ...[name(one.id), targetText(one, words), figureText(one.measured, words)],
      ...[String(one.measured.samples), one.since === null ? '—' : cot(one.since).slice(0, 10)],
      one.met === null ? '—' : word(one.met ? 'met' : 'notMet'),
      rangeText(one.measured.range),
    ]),
  };
}

const heading = (text: string): Block => ({ kind: 'heading', text });
const paragraph = (text: string): Block => ({ kind: 'paragraph', text });

function table(
  { word }: ReportVocabulary,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): Block {
  return rows.length === 0 ? paragraph(word('none')) : { kind: 'table', columns, rows };
}

/** A figure with the events it stands on. */
function sourced(figure: Figure, words: ReportVocabulary): string {
  return `${figureText(figure, words)} [${rangeText(figure.range)}]`;
}

function moneyBlocks(report: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  const { days, money, trades } = report;
  const amount = (value: number | null): string =>
    value === null ? word('na') : decimal(value, 2, words);
  return [
    heading(word('money')),
    ...(days.length === 0 ? [paragraph(`${word('na')} (${name('no_days')})`)] : []),
    ...money.flatMap((one): Block[] => [
      {
        kind: 'facts',
        rows: [
          [`${word('pnl')} ${one.currency ?? ''}`.trim(), sourced(one.pnl, words)],
          [word('endEquity'), sourced(one.endEquity, words)],
          [word('maxDrawdown'), sourced(one.maxDrawdown, words)],
          [word('sharpe'), sourced(one.sharpe, words)],
        ],
      },
      ...equityChart(report, one.currency, words),
      ...pnlChart(report, one.currency, words),
    ]),
    ...(days.length === 0
      ? []
      : [
          table(
            words,
            [
              ...[word('day'), word('start'), word('endEquity'), word('pnl'), word('count')],
              ...[word('wins'), word('source'), word('events')],
            ],
            days.map((day) => [
              ...[day.day, amount(day.startEquity), amount(day.endEquity)],
              `${amount(day.pnl)} ${day.currency ?? ''}`.trim(),
              ...[String(day.trades), String(day.wins), sourceText(day, words)],
              day.seqs.join(', '),
            ]),
          ),
        ]),
    heading(word('trades')),
    {
      kind: 'facts',
      rows: [
        [word('count'), sourced(trades.count, words)],
        [word('wins'), sourced(trades.wins, words)],
        [word('winRate'), sourced(trades.winRate, words)],
      ],
    },
    table(
      words,
      [word('model'), word('count'), word('wins'), word('pnl'), word('events')],
      trades.byModel.map((one) => [
        ...[one.model ?? word('unknown'), String(one.trades), String(one.wins)],
        ...[figureText(one.pnl, words), rangeText(one.pnl.range)],
      ]),
    ),
  ];
}

function sourceText(day: Report['days'][number], { word }: ReportVocabulary): string {
  if (day.source === 'closed') return word('closed');
  const parts = [`${word('soFar')} ${cot(day.asOf).slice(11, 16)}`];
  if (day.heardSince !== null) {
    parts.push(`${word('heardSince')} ${cot(day.heardSince).slice(11, 16)}`);
  }
  if (day.missed > 0) parts.push(`${word('missed')}: ${day.missed}`);
  return parts.join('; ');
}

function modelBlocks({ model }: Report, words: ReportVocabulary): Block[] {
  const { word } = words;
  if (!model) return [heading(word('liveModel')), paragraph(word('noModel'))];
  const metrics = (all: NonNullable<Report['model']>['backtest']): string => {
    if (!all) return word('unknown');
    const said = (value: number | null, text: (value: number) => string): string =>
      value === null ? word('unknown') : text(value);
    const share = (value: number): string => `${decimal(value * 100, 1, words)} %`;
    return [
      `Sharpe ${said(all.sharpe, (value) => decimal(value, 2, words))}`,
      `${word('winRate')} ${said(all.winRate, share)}`,
      `drawdown ${said(all.maxDrawdown, share)}`,
      `${said(all.trades, String)} ${word('count')}`,
    ].join(' · ');
  };
  return [
    heading(word('liveModel')),
    {
      kind: 'facts',
      rows: [
        [word('model'), model.model],
        [word('version'), model.version],
        [word('since'), `${cot(model.since)} COT`],
        [word('backtest'), metrics(model.backtest)],
        [word('staging'), metrics(model.staging)],
      ],
    },
  ];
}

/** What triggers are measured in; one that is not here is a bare number. */
const TRIGGER_UNITS: Readonly<Partial<Record<string, Figure['unit']>>> = {
  dailyDrawdown: 'fraction',
  errorRate: 'fraction',
  latencyP99: 'ms',
  consecutiveLosses: 'count',
};

function monitorBlocks({ monitor }: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  const figure = (value: number | null, trigger: string): string => {
    if (value === null) return word('na');
    const unit = TRIGGER_UNITS[trigger];
    return unit ? valueText(value, { unit, currency: null }, words) : decimal(value, 4, words);
  };
  return [
    heading(word('monitor')),
    {
      kind: 'facts',
      rows: [
        [word('changes'), sourced(monitor.changes, words)],
        [word('firings'), sourced(monitor.firings, words)],
      ],
    },
    table(
      words,
      [
        ...[word('trigger'), word('changes'), word('breaches'), word('last')],
        ...[word('value'), word('limit'), word('events')],
      ],
      monitor.triggers.map((one) => [
        ...[name(one.trigger), String(one.changes), String(one.breaches), name(one.last)],
        ...[figure(one.value, one.trigger), figure(one.limit, one.trigger), String(one.seq)],
      ]),
    ),
    ...(monitor.fired.length === 0
      ? []
      : [
          table(
            words,
            [word('at'), word('model'), word('causes'), word('actions'), word('events')],
            monitor.fired.map((one) => [
              ...[cot(one.at), one.model ?? word('unknown'), one.causes.map(name).join(', ')],
              `${one.actions.map(name).join(', ') || '—'}${one.dryRun ? ` (${word('dryRun')})` : ''}`,
              String(one.seq),
            ]),
          ),
        ]),
  ];
}

function killBlocks({ kills, drills }: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  const times = [word('press'), word('blocked'), word('flat'), word('events')];
  return [
    heading(word('kills')),
    table(
      words,
      [word('at'), word('what'), word('by'), word('reason'), ...times],
      kills.map((one) => [
        ...[cot(one.at), word(one.drill ? 'drill' : 'real'), one.by, one.reason ?? '—'],
        ...[one.press, one.blocked, one.flat].map((time) => figureText(time, words)),
        String(one.seq),
      ]),
    ),
    heading(word('drills')),
    table(
      words,
      [word('at'), word('by'), word('outcome'), ...times],
      drills.map((one) => [
        ...[cot(one.at), one.by, name(one.outcome)],
        ...[one.press, one.blocked, one.flat].map((time) => figureText(time, words)),
        String(one.seq),
      ]),
    ),
  ];
}

function deploymentBlocks({ deployments }: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  return [
    heading(word('deployments')),
    table(
      words,
      [word('at'), word('what'), word('model'), word('by'), word('took'), word('events')],
      deployments.map((one) => [
        ...[cot(one.at), name(one.kind), `${one.previous ?? '—'} → ${one.model}`, one.by],
        one.incomplete ? word('incomplete') : figureText(one.took, words),
        rangeText(one.took.range),
      ]),
    ),
  ];
}

function incidentBlocks({ alerts, incidents, kpis }: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  return [
    heading(word('incidents')),
    {
      kind: 'facts',
      rows: alerts.map(({ severity, raised }) => [
        `${word('alerts')} ${severity}`,
        sourced(raised, words),
      ]),
    },
    table(
      words,
      [
        ...['n.º', word('severity'), word('what'), word('at'), word('stage')],
        ...[word('acknowledged'), word('resolved'), word('events')],
      ],
      incidents.map((one) => [
        ...[String(one.number), one.severity, one.title, cot(one.openedAt), name(one.stage)],
        ...[figureText(one.acknowledged, words), figureText(one.resolved, words), String(one.seq)],
      ]),
    ),
    heading(word('kpis')),
    { kind: 'facts', rows: kpis.map(({ id, figure }) => [name(id), sourced(figure, words)]) },
  ];
}

function deliveryBlocks({ delivery }: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  return [
    heading(word('delivery')),
    delivery.length === 0
      ? paragraph(`${word('na')} (${name('no_notifications')})`)
      : table(
          words,
          [word('channel'), word('delivered'), word('failed'), 'p50', 'p99', word('events')],
          delivery.map((one) => [
            ...[one.channel, figureText(one.delivered, words), figureText(one.failed, words)],
            ...[figureText(one.p50, words), figureText(one.p99, words)],
            rangeText(one.delivered.range),
          ]),
        ),
  ];
}

function uptimeBlocks(report: Report, words: ReportVocabulary): Block[] {
  const { word, name } = words;
  return [
    heading(word('uptime')),
    paragraph(word('uptimeHow')),
    ...uptimeChart(report, words),
    table(
      words,
      [
        ...[word('what'), word('share'), word('away'), word('gaps')],
        ...[word('longest'), word('cause')],
      ],
      report.uptime.map((one) => {
        const longest = one.gaps.reduce<(typeof one.gaps)[number] | null>(
          (a, b) => (a === null || b.to - b.from > a.to - a.from ? b : a),
          null,
        );
        return [
          one.kind === 'gateway' ? name(one.kind) : `${name(one.kind)} ${one.id}`,
          ...[figureText(one.share, words), timeText(awayMs(one), words), String(one.gaps.length)],
          longest
            ? `${timeText(longest.to - longest.from, words)}, ${word('since')} ${cot(longest.from)}`
            : '—',
          longest ? name(longest.cause) : '—',
        ];
      }),
    ),
  ];
}

function dueBlocks({ due, period }: Report, words: ReportVocabulary): Block[] {
  const { word } = words;
  const by = (at: number): string =>
    `${cot(at).slice(0, 16)}${at < period.to ? ` ${word('overdue')}` : ''}`;
  const rows = [
    ...due.approvals.map((one) => [
      ...[word('approval'), `${one.model} → ${one.target} (${one.given}/${one.needed})`],
      ...[one.by, by(one.expiresAt)],
    ]),
    ...due.reviews.map((one) => [word('review'), `${one.model} (${one.kind})`, '—', by(one.dueAt)]),
    ...due.exceptions.map((one) => [word('exception'), one.model, '—', by(one.until)]),
    ...due.postMortems.map((one) => [
      ...[word('postMortem'), `n.º ${one.number}: ${one.title}`, '—', by(one.dueAt)],
    ]),
    ...due.actionItems.map((one) => [word('actionItem'), one.text, one.owner, one.due]),
  ];
  return [
    heading(word('due')),
    rows.length === 0
      ? paragraph(word('nothingDue'))
      : table(words, [word('what'), word('about'), word('by'), word('until')], rows),
  ];
}

function auditBlocks(
  { audit }: Report,
  { id, sha256 }: ReportName,
  words: ReportVocabulary,
): Block[] {
  const { word } = words;
  const { verified, fault } = audit;
  return [
    heading(word('audit')),
    {
      kind: 'facts',
      rows: [
        [word('verifiedTo'), `n.º ${verified.seq} · ${verified.hash}`],
        ...(fault === null ? [] : ([[word('fault'), fault]] as const)),
      ],
    },
    heading(word('recompute')),
    paragraph(`${word('recomputeHow')} ${sha256} · ${word('id')} ${id}`),
  ];
}
