import { assertNever } from '../../shared/assert';
import type { Language } from '../../shared/documents/document';
import { documentFoot, documentHtml } from '../../shared/documents/html';
import { documentMarkdown } from '../../shared/documents/markdown';
import type { CardFormat } from '../../shared/ipc/contract';
import { type CardDocument, cardDocument } from '../../shared/models/cardDocument';
import { cardLayout } from '../../shared/models/cardLayout';
import { cardYaml } from '../../shared/models/cardYaml';
import type { OpsState } from '../../shared/ops/state';
import type { ModelsPolicy } from '../../shared/policy/models';
import type { Clock } from '../../shared/time';
import type { DeskState } from '../desk';
import { Refusal } from '../ipc/refusal';
import { PrintError, type Printer } from './printer';

export interface CardDesk {
  /** A model's card as of the last event that this terminal has. @throws {Refusal} */
  document(model: string): CardDocument;
  /** Takes the card, renders it and saves it. @throws {Refusal} */
  export(model: string, format: CardFormat): Promise<{ path: string; seq: number }>;
}

/** Model cards, from the log that this terminal follows to files. */
export function createCardDesk(deps: {
  readonly desk: Pick<DeskState, 'position' | 'ops'>;
  readonly policy: (ops: OpsState) => ModelsPolicy;
  readonly clock: Clock;
  readonly language: () => Language;
  readonly printer: Pick<Printer, 'print'>;
  readonly save: (name: string, content: string | Uint8Array) => Promise<string>;
}): CardDesk {
  function document(model: string): CardDocument {
    const head = deps.desk.position()?.head;
    if (!head || head.seq === 0) {
      throw new Refusal({ code: 'unavailable', message: 'this terminal has no log yet' });
    }
    const ops = deps.desk.ops();
    const moment = { ...head, at: deps.clock() };
    const card = cardDocument(ops, deps.policy(ops), model, moment);
    if (card) return card;
    throw new Refusal({ code: 'unknown_model', message: 'the log knows no such model' });
  }

  async function render(card: CardDocument, format: CardFormat): Promise<string | Uint8Array> {
    const layout = cardLayout(card, deps.language());
    switch (format) {
      case 'md':
        return documentMarkdown(layout);
      case 'yaml':
        return cardYaml(card);
      case 'pdf':
        return deps.printer.print({ html: documentHtml(layout), foot: documentFoot(layout) });
      default:
        return assertNever(format);
    }
  }

  return {
    document,
    async export(model, format) {
      const card = document(model);
      try {
        const path = await deps.save(cardFileName(card, format), await render(card, format));
        return { path, seq: card.log_seq };
      } catch (error) {
        const code = error instanceof PrintError ? error.code : 'not_saved';
        throw new Refusal({ code, message: (error as Error).message });
      }
    },
  };
}

/**
 * The name of a card's file: the same card of the same moment of the log has the same. An id may hold
 * anything; a name holds what every file system takes, and part of the hash keeps two ids apart.
 */
export function cardFileName(card: CardDocument, format: CardFormat): string {
  const id = card.model_id.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 80);
  return `ficha-${id}-${card.model_hash.slice(0, 8)}-${card.log_seq}.${format}`;
}
