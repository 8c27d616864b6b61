import type { Block, Language, TextDocument } from '../documents/document';
import { timestamp } from '../time';
import type { CardDocument, ExceptionEntry, PromotionEntry } from './cardDocument';
import { type CardVocabulary, type CardWord, cardVocabulary } from './cardWords';

/**
 * A card as people read it: one layout for the window, Markdown and paper. The template's fields keep
 * the template's names; times are in COT.
 */
export function cardLayout(card: CardDocument, language: Language): TextDocument {
  const words = cardVocabulary(language);
  const { word, name } = words;
  const { record } = card;
  return {
    language,
    title: `${word('title')}: ${card.model_id} · v${card.version}`,
    subtitle: [
      `${word('stage')}: ${name(record.stage)}`,
      `${word('environment')}: ${name(record.environment ?? word('unknown'))}`,
      `${word('snapshot')} n.º ${card.log_seq}, ${word('taken')} ${cot(record.taken_at)} COT`,
    ].join(' · '),
    footer: `log_seq ${card.log_seq} · log_hash ${card.log_hash}`,
    blocks: [...templateBlocks(card, words, language), ...recordBlocks(card, words)],
  };
}

function templateBlocks(card: CardDocument, { word }: CardVocabulary, language: Language): Block[] {
  const { training, performance: figures } = card;
  const said = (text: string | null): string => text ?? word('unknown');
  const figure = (value: number | null, digits = 2): string =>
    value === null ? word('unknown') : decimal(value, digits, language);
  const share = (value: number | null): string =>
    value === null ? word('unknown') : `${decimal(value * 100, 1, language)} %`;
  const lines = (items: readonly string[]): Block =>
    items.length > 0 ? { kind: 'list', items } : { kind: 'paragraph', text: word('none') };
  return [
    heading(word('identity')),
    {
      kind: 'facts',
      rows: [
        ['model_id', card.model_id],
        ['version', card.version],
        ['owner', said(card.owner)],
        ['backup_owner', said(card.backup_owner)],
        ['created_date', said(card.created_date)],
        ['promoted_to_production', said(card.promoted_to_production)],
        ['model_hash', card.model_hash],
        ['config_hash', said(card.config_hash)],
        ['feature_order', card.feature_order.join(', ') || word('unknown')],
      ],
    },
    heading(word('training')),
    {
      kind: 'facts',
      rows: [
        ['dataset_hash', said(training.dataset_hash)],
        ['dataset_version', said(training.dataset_version)],
        ['dataset_period', said(training.dataset_period)],
        ['norm_stats_hash', said(training.norm_stats_hash)],
        ['mlflow_run_id', said(training.mlflow_run_id)],
        ['out_of_sample_validated', word(training.out_of_sample_validated ? 'yes' : 'no')],
      ],
    },
    heading(word('performance')),
    {
      kind: 'table',
      columns: [word('figure'), word('backtest'), word('staging')],
      rows: [
        [word('sharpe'), figure(figures.backtest_sharpe), figure(figures.staging_sharpe)],
        [word('winRate'), share(figures.backtest_win_rate), share(figures.staging_win_rate)],
        [
          word('maxDrawdown'),
          share(figures.backtest_max_drawdown),
          share(figures.staging_max_drawdown),
        ],
        [word('trades'), figure(figures.backtest_trades, 0), figure(figures.staging_trades, 0)],
        [word('shadow'), '', share(figures.staging_shadow_agreement)],
      ],
    },
    heading(word('risks')),
    lines(card.risks),
    heading(word('mitigations')),
    lines(card.mitigations),
    heading(word('rollbackPlan')),
    { kind: 'paragraph', text: card.rollback_plan ?? word('none') },
  ];
}

function recordBlocks({ record }: CardDocument, words: CardVocabulary): Block[] {
  const { word, name } = words;
  const table = (title: CardWord, columns: readonly CardWord[], rows: string[][]): Block[] => [
    heading(word(title)),
    rows.length > 0
      ? { kind: 'table', columns: columns.map(word), rows }
      : { kind: 'paragraph', text: word('none') },
  ];
  return [
    ...table(
      'history',
      ['when', 'stage', 'cause', 'who', 'reason', 'seq'],
      record.stage_history.map(({ stage, at, seq, by, cause, reason }) => [
        ...[cot(at), name(stage), cause === null ? '' : name(cause), by, reason ?? '', `${seq}`],
      ]),
    ),
    ...table(
      'tenures',
      ['from', 'to'],
      record.in_production.map(({ from, to }) => [cot(from), to ? cot(to) : word('stillLive')]),
    ),
    ...table(
      'promotions',
      ['target', 'outcome', 'asked', 'reason', 'approvals', 'waived'],
      record.promotions.map((one) => promotionRow(one, words)),
    ),
    ...table(
      'deployments',
      ['when', 'kind', 'from', 'to', 'who', 'reason', 'outcome', 'took'],
      record.deployments.map(({ kind, model, previous, at, by, reason, outcome, took_ms }) => [
        ...[cot(at), name(kind), previous ?? '', model, by, reason ?? '', name(outcome)],
        took_ms === null ? '' : `${Math.round(took_ms)} ms`,
      ]),
    ),
    ...table(
      'exceptions',
      ['state', 'requirements', 'justification', 'who', 'when', 'until'],
      record.exceptions.map((one) => exceptionRow(one, words)),
    ),
    ...table(
      'reviews',
      ['kind', 'due', 'closed', 'outcome'],
      record.reviews.map(({ kind, due_at, closed_at, outcome }) => [
        ...[name(kind), cot(due_at), closed_at ? cot(closed_at) : '', outcome ?? ''],
      ]),
    ),
    ...table(
      'alerts',
      ['severity', 'kind', 'when', 'detail'],
      record.open_alerts.map(({ severity, kind, raised_at, detail }) => [
        ...[severity, kind, cot(raised_at), detail],
      ]),
    ),
    heading(word('retention')),
    ...retention(record, words),
  ];
}

function promotionRow(one: PromotionEntry, { word, name }: CardVocabulary): string[] {
  const outcome = [name(one.outcome), one.closed_at ? cot(one.closed_at) : '', one.closed_reason];
  const approvals = one.approvals.map(
    ({ at, by, capacity, reason }) =>
      `${by}, ${name(capacity)}, ${cot(at)}${reason ? `: ${reason}` : ''}`,
  );
  const waived = one.waived.map(name).join(', ');
  return [
    name(one.target),
    outcome.filter((part) => part).join(' · '),
    `${one.asked_by}, ${cot(one.asked_at)}`,
    one.reason ?? '',
    approvals.join('; ') || word('unknown'),
    one.justification ? `${waived}: ${one.justification}` : waived,
  ];
}

function exceptionRow(one: ExceptionEntry, { name }: CardVocabulary): string[] {
  const { state, gates, justification, granted_by, granted_at, until, ended_at } = one;
  return [
    ended_at ? `${name(state)} ${cot(ended_at)}` : name(state),
    gates.map(name).join(', '),
    ...[justification, granted_by, cot(granted_at), cot(until)],
  ];
}

function retention(record: CardDocument['record'], { word, name }: CardVocabulary): Block[] {
  const { retention_until: until, retirement, last_critical_alert_at: critical } = record;
  const rows: (readonly [string, string])[] = [
    [word('registered'), `${cot(record.registered_at)} · ${record.registered_by}`],
    [word('epoch'), record.log_epoch ?? word('unknown')],
    ...(critical ? [[word('lastCritical'), cot(critical)] as const] : []),
    ...(retirement ? [[word('retirement'), name(retirement)] as const] : []),
  ];
  if (!until)
    return [
      { kind: 'facts', rows },
      { kind: 'paragraph', text: word('notArchived') },
    ];
  const kept = [
    [word('keptArtifacts'), until.artifacts],
    [word('keptTraining'), until.trainingData],
    [word('keptTrades'), until.trades],
    [word('keptAudit'), until.audit],
  ] as const;
  return [{ kind: 'facts', rows: [...rows, ...kept] }];
}

/** A figure as the language writes it. */
function decimal(value: number, digits: number, language: Language): string {
  const text = value.toFixed(digits).replace('-', '−');
  return language === 'es' ? text.replace('.', ',') : text;
}

const heading = (text: string): Block => ({ kind: 'heading', text });
/** A time of the card, to the second, in the desk's zone. */
const cot = (at: string): string => timestamp(Date.parse(at)).slice(0, 19);
