import { describe, expect, it } from 'vitest';
import { createPostMortemDesk } from '../../../src/main/documents/postMortemDesk';
import { type Printable, PrintError } from '../../../src/main/documents/printer';
import { alertFact, incidentDesk } from '../../support/incidents';

const HOSTILE = '# Caída\n\n<script>alert(1)</script>\n\n[ver](javascript:alert(1))';

function desk(print?: (page: Printable) => Promise<Uint8Array>) {
  const own = incidentDesk();
  own.append([alertFact('a', 'P1')]);
  const { id: incident } = own.incident();
  own.append([
    { type: 'incident.acknowledged', data: { incident, via: 'console' } },
    { type: 'incident.state_changed', data: { incident, from: 'acknowledged', to: 'mitigating' } },
    { type: 'incident.resolved', data: { incident, rootCause: 'x', resolution: 'y', books: [] } },
    { type: 'postmortem.saved', data: { incident, language: 'es', markdown: HOSTILE } },
  ]);
  const saved: { name: string; content: string | Uint8Array }[] = [];
  const pages: Printable[] = [];
  const postMortems = createPostMortemDesk({
    desk: {
      ops: own.state,
      position: () => ({ head: { seq: own.state().seq, hash: 'd'.repeat(64) }, epoch: null }),
    },
    saved: async () => null,
    printer: {
      print:
        print ??
        (async (page) => {
          pages.push(page);
          return new Uint8Array([1]);
        }),
    },
    save: async (name, content) => {
      saved.push({ name, content });
      return `/documents/${name}`;
    },
  });
  return { postMortems, incident, saved, pages, seq: own.state().seq };
}

describe('the post-mortem desk', () => {
  it('saves what was written as Markdown, with its place in the log', async () => {
    const { postMortems, incident, saved, seq } = desk();
    expect(await postMortems.text(incident)).toEqual({ markdown: HOSTILE });
    const { path } = await postMortems.export(incident, 'md');
    expect(path).toBe(`/documents/post-mortem-1-${seq}.md`);
    expect(saved[0]?.content).toBe(
      `${HOSTILE}\n\n---\n\nlog_seq ${seq} · log_hash ${'d'.repeat(64)}\n`,
    );
  });

  it('prints it with nothing of its HTML and no link', async () => {
    const { postMortems, incident, pages } = desk();
    await postMortems.export(incident, 'pdf');
    const html = pages[0]?.html ?? '';
    expect(html).toContain('<h1><bdi>Caída</bdi></h1>');
    expect(html).toContain('borrador');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html.match(/<(script|a)\b/g)).toBeNull();
  });

  it('refuses what is not kept, and says that printing failed', async () => {
    const { postMortems, incident } = desk(async () => {
      throw new PrintError('timed_out', 'late');
    });
    await expect(postMortems.export('other', 'md')).rejects.toMatchObject({
      failure: { code: 'no_postmortem' },
    });
    await expect(postMortems.export(incident, 'pdf')).rejects.toMatchObject({
      failure: { code: 'timed_out' },
    });
  });
});
