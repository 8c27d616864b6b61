import { documentMarkdown } from '../../shared/documents/markdown';
import type { LogEvent } from '../../shared/log/event';
import { cardDocument } from '../../shared/models/cardDocument';
import { cardLayout } from '../../shared/models/cardLayout';
import { cardYaml } from '../../shared/models/cardYaml';
import { type EventOf, toDomainEvent } from '../../shared/ops/events';
import { foldOps } from '../../shared/ops/fold';
import { INITIAL_OPS_STATE, type OpsState } from '../../shared/ops/state';
import { modelsPolicySchema } from '../../shared/policy/models';
import { timestamp } from '../../shared/time';
import type { EventSource } from '../audit/source';
import { type EventRow, eventOfRow } from '../eventRow';
import type { ExportDocument } from './manifest';

/** Types that a model's card is folded from; all others leave it as it is and are not even parsed. */
const OF_CARDS =
  /^(log\.opened|gateway\.started|policy\.|engine\.models_reported|(model|deployment|promotion|exception|review|alert)\.)/;
const OF_POST_MORTEMS = /^(incident\.(opened|closed)|postmortem\.)/;

/** An incident, as far as an export asks. Sequences; null is not yet. */
interface Written {
  readonly number: number | null;
  readonly opened: number;
  readonly closed: number | null;
  readonly saved: number | null;
  readonly published: EventOf<'postmortem.published'> | null;
}

export interface PeriodDocuments {
  /** Sees the log's events, in order, those before and after the period too. */
  see(row: EventRow): void;
  /**
   * A card of each model that the period is about, or that was in staging or production in it, as of
   * the period's end; and the post-mortems of the incidents of the period, whenever they were written.
   */
  documents(): Generator<ExportDocument>;
}

/** The documents that go with the events of a range; one text at a time is in memory. */
export function periodDocuments(
  source: EventSource,
  { fromSeq, toSeq }: { readonly fromSeq: number; readonly toSeq: number },
): PeriodDocuments {
  // Where earlier years were deleted, what they said of the desk is in the state kept of them.
  let state = source.before() ?? INITIAL_OPS_STATE;
  let begun = false;
  const models = new Set<string>();
  const incidents = new Map<string, Written>(
    state.incidents.incidents.map(({ id, number, opened, closed }) => [
      id,
      { number, opened: opened.seq, closed: closed?.seq ?? null, saved: null, published: null },
    ]),
  );

  function seeModels(event: LogEvent): void {
    if (event.seq >= fromSeq) begin();
    state = foldOps(state, event);
    if (event.seq < fromSeq) return;
    for (const name of [event.data.model, event.data.previous]) {
      if (typeof name === 'string') models.add(name);
    }
  }

  /** The period begins: what was in use then is of it. */
  function begin(): void {
    if (begun) return;
    begun = true;
    for (const { model, stage } of Object.values(state.models.models)) {
      if (stage === 'staging' || stage === 'production') models.add(model);
    }
  }

  function seeIncidents(event: LogEvent): void {
    const known = toDomainEvent(event);
    const { seq } = event;
    const change = (incident: string, what: Partial<Written>): void => {
      const none = { number: null, opened: seq, closed: null, saved: null, published: null };
      incidents.set(incident, { ...(incidents.get(incident) ?? none), ...what });
    };
    switch (known?.type) {
      case 'incident.opened':
        change(known.data.incident, { number: known.data.number, opened: seq });
        break;
      case 'incident.closed':
        change(known.data.incident, { closed: seq });
        break;
      case 'postmortem.saved':
        change(known.data.incident, { saved: seq });
        break;
      case 'postmortem.published':
        change(known.data.incident, { published: known });
    }
  }

  function ofPeriod({ opened, closed, saved, published }: Written): boolean {
    const within = (seq: number | undefined | null): boolean =>
      seq != null && seq >= fromSeq && seq <= toSeq;
    const open = opened <= toSeq && (closed ?? Number.POSITIVE_INFINITY) >= fromSeq;
    return open || within(saved) || within(published?.seq);
  }

  return {
    see(row) {
      if (OF_CARDS.test(row.type)) {
        // What came after the period says nothing of a card as of its end.
        if (row.seq <= toSeq) seeModels(eventOfRow(row));
      } else if (OF_POST_MORTEMS.test(row.type)) seeIncidents(eventOfRow(row));
    },
    *documents() {
      const [last] = toSeq >= fromSeq ? source.rows(toSeq, 1) : [];
      if (!last) return;
      begin();
      for (const model of [...models].sort()) yield* card(state, model, last);
      for (const [incident, written] of incidents) {
        if (written.saved === null || !ofPeriod(written)) continue;
        const [saved] = source.pick([written.saved]).map(toDomainEvent);
        if (saved?.type === 'postmortem.saved') yield postMortem(incident, written, saved);
      }
    },
  };
}

function* card(state: OpsState, model: string, last: EventRow): Generator<ExportDocument> {
  // The policy in force says how long what is archived is kept; a log that names none does not know.
  const policy = modelsPolicySchema.safeParse(state.policies.models?.document);
  const moment = { seq: last.seq, hash: last.hash, at: last.ts };
  const document = cardDocument(state, policy.data ?? null, model, moment);
  if (!document) return;
  for (const language of ['es', 'en'] as const) {
    const content = documentMarkdown(cardLayout(document, language));
    yield { name: `model-${model}.${language}.md`, content };
  }
  yield { name: `model-${model}.yaml`, content: cardYaml(document) };
}

const WORDS = {
  es: {
    ...{ draft: 'BORRADOR', published: 'PUBLICADO', incident: 'incidente' },
    ...{ saved: 'guardado por', out: 'publicado por', event: 'evento' },
  },
  en: {
    ...{ draft: 'DRAFT', published: 'PUBLISHED', incident: 'incident' },
    ...{ saved: 'saved by', out: 'published by', event: 'event' },
  },
} as const;

/** A post-mortem as it was saved last, and below it what stands behind it. */
function postMortem(
  incident: string,
  { number, published }: Written,
  saved: EventOf<'postmortem.saved'>,
): ExportDocument {
  const words = WORDS[saved.data.language];
  const act = (word: string, { actor, ts, seq }: Pick<LogEvent, 'actor' | 'ts' | 'seq'>): string =>
    `${word} ${actor.id}, ${timestamp(ts).slice(0, 19)} COT, ${words.event} ${seq}`;
  const foot = [
    published ? words.published : words.draft,
    `${words.incident} ${number === null ? incident : `#${number} ${incident}`}`,
    act(words.saved, saved),
    ...(published ? [act(words.out, published)] : []),
  ];
  return {
    name: `postmortem-${incident}.${published ? 'published' : 'draft'}.md`,
    content: `${saved.data.markdown.trimEnd()}\n\n---\n\n${foot.join(' · ')}\n`,
  };
}
