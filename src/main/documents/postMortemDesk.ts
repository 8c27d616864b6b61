import { assertNever } from '../../shared/assert';
import type { TextDocument } from '../../shared/documents/document';
import { readMarkdown } from '../../shared/documents/fromMarkdown';
import { documentFoot, documentHtml } from '../../shared/documents/html';
import type { Incident, PostMortem } from '../../shared/incidents/state';
import { incidentTitle } from '../../shared/incidents/title';
import type { PostMortemFormat } from '../../shared/ipc/contract';
import { timestamp } from '../../shared/time';
import type { DeskState } from '../desk';
import { Refusal } from '../ipc/refusal';
import { PrintError, type Printer } from './printer';

export interface PostMortemDesk {
  /** The text that was saved last. @throws {Refusal} */
  text(incident: string): Promise<{ markdown: string }>;
  /** Renders what was saved last and saves it as a file. @throws {Refusal} */
  export(incident: string, format: PostMortemFormat): Promise<{ path: string; seq: number }>;
}

/** Post-mortems, from the log that this terminal follows to files. */
export function createPostMortemDesk(deps: {
  readonly desk: Pick<DeskState, 'position' | 'ops'>;
  /** The Markdown that the event of that sequence holds; null where this terminal's log has none. */
  readonly saved: (incident: string, seq: number) => Promise<string | null>;
  readonly printer: Pick<Printer, 'print'>;
  readonly save: (name: string, content: string | Uint8Array) => Promise<string>;
}): PostMortemDesk {
  function known(id: string): { incident: Incident; postMortem: PostMortem } {
    const incident = deps.desk.ops().incidents.incidents.find((one) => one.id === id);
    if (incident?.postMortem) return { incident, postMortem: incident.postMortem };
    throw new Refusal({ code: 'no_postmortem', message: 'no post-mortem of it is kept' });
  }

  async function markdownOf(id: string, { markdown, saved }: PostMortem): Promise<string> {
    const text = markdown ?? (await deps.saved(id, saved.seq));
    if (text !== null) return text;
    throw new Refusal({ code: 'no_postmortem', message: 'this terminal’s log does not have it' });
  }

  return {
    async text(id) {
      return { markdown: await markdownOf(id, known(id).postMortem) };
    },
    async export(id, format) {
      const { incident, postMortem } = known(id);
      const markdown = await markdownOf(id, postMortem);
      const head = deps.desk.position()?.head;
      if (!head)
        throw new Refusal({ code: 'unavailable', message: 'this terminal has no log yet' });
      const layout = postMortemDocument(incident, postMortem, markdown, head);
      const { number } = incident;
      try {
        const content =
          format === 'md'
            ? `${markdown.trimEnd()}\n\n---\n\n${layout.footer}\n`
            : format === 'pdf'
              ? await deps.printer.print({ html: documentHtml(layout), foot: documentFoot(layout) })
              : assertNever(format);
        const path = await deps.save(`post-mortem-${number}-${head.seq}.${format}`, content);
        return { path, seq: head.seq };
      } catch (error) {
        const code = error instanceof PrintError ? error.code : 'not_saved';
        throw new Refusal({ code, message: (error as Error).message });
      }
    },
  };
}

const WORDS = {
  es: { draft: 'borrador', published: 'publicado' },
  en: { draft: 'draft', published: 'published' },
} as const;

/**
 * A post-mortem as a document: what was written, whose it is, and where the log was.
 *
 * @param head the last event of the log that this terminal has.
 */
export function postMortemDocument(
  incident: Incident,
  { language, saved, published }: PostMortem,
  markdown: string,
  head: { readonly seq: number; readonly hash: string },
): TextDocument {
  const { title, blocks } = readMarkdown(markdown);
  const words = WORDS[language];
  const last = published ?? saved;
  const state = published ? words.published : words.draft;
  return {
    language,
    title: title ?? `${incidentTitle(incident, language)} (#${incident.number})`,
    subtitle: `${incident.severity} · ${state} · ${last.by.id} · ${timestamp(last.at).slice(0, 19)} COT`,
    footer: `log_seq ${head.seq} · log_hash ${head.hash}`,
    blocks,
  };
}
