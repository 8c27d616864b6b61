import { readMarkdown } from '@shared/documents/fromMarkdown';
import { MAX_POSTMORTEM_LENGTH } from '@shared/incidents/events';
import { impactOf } from '@shared/incidents/impact';
import { draftPostMortem } from '@shared/incidents/postmortem';
import type { Incident } from '@shared/incidents/state';
import type { PostMortemFormat } from '@shared/ipc/contract';
import { timestamp } from '@shared/time';
import type { DeskView } from '@shared/view/desk';
import { useCallback, useDeferredValue, useEffect, useState } from 'react';
import { DocumentBlocks } from '../../components/DocumentView';
import { Standing } from '../../components/Standing';
import { Button, Hostile, INPUT } from '../../components/ui';
import { booksOf, postMortemDueAt, whyNot } from '../../desk/incidents.state';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { call } from '../../lib/call';
import { amount } from '../../lib/format';
import { changeDraft, useApp } from '../../lib/store';
import { useIncidentCommand } from '../../lib/useCommand';
import { useLanguage } from '../../lib/useSaid';
import { ActionItems } from './ActionItems';
import { Countdown, MayButton, Section, Why } from './parts';

interface Props {
  readonly view: DeskView;
  readonly incident: Incident;
  readonly now: number;
}

/** The post-mortem: drafted from the log, edited beside its preview, saved, published, exported. */
export function PostMortem(props: Props) {
  const t = useT();
  const { view, incident, now } = props;
  if (incident.resolved === null) return <p className="text-muted">{t('postmortem.early')}</p>;
  const dueAt = postMortemDueAt(view, incident);
  return (
    <div className="space-y-2">
      {dueAt !== null && (
        <p className="text-[12px]">
          {t('postmortem.due')} <Countdown leftMs={dueAt - now} />
        </p>
      )}
      <Editor {...props} />
      <ActionItems view={view} now={now} incident={incident} />
    </div>
  );
}

function Editor({ view, incident, now }: Props) {
  const t = useT();
  const language = useLanguage();
  const name = `postmortem:${incident.id}`;
  const draft = useApp((state) => state.drafts[name]);
  const saved = useSavedText(incident);
  const clear = useCallback(() => changeDraft(name, null), [name]);
  const { standing, busy, give } = useIncidentCommand(view, clear);
  const publishing = useIncidentCommand(view);
  const text = draft ?? saved ?? '';
  const { postMortem } = incident;
  const { permissions } = view.incidentsPolicy;
  const why = whyNot(view, permissions.postMortem);
  const publishable =
    postMortem !== null && (postMortem.published?.seq ?? 0) < postMortem.saved.seq;
  const ready = !busy && draft !== undefined && text.trim() !== '';

  function fillIn(): void {
    const { active, cleared } = view.ops.alerts;
    const alerts = incident.alerts.flatMap((id) => {
      const alert = active[id] ?? cleared.find((one) => one.id === id);
      return alert ? [alert] : [];
    });
    const markdown = draftPostMortem(view.playbooks.templates, language, incident, {
      ...{ impact: impactOf(incident, booksOf(view), now), alerts },
      actionItems: view.ops.incidents.actionItems,
      eventName: (type) => eventName(type, language),
      author: view.operator?.name ?? '',
    });
    changeDraft(name, markdown);
  }

  return (
    <Section
      title="incident.tab.postmortem"
      aside={
        <span className="text-[12px] text-muted">
          {postMortem === null
            ? t('postmortem.none')
            : t(postMortem.published ? 'postmortem.published' : 'postmortem.saved', {
                time: timestamp((postMortem.published ?? postMortem.saved).at).slice(0, 16),
                by: (postMortem.published ?? postMortem.saved).by.id,
              })}
        </span>
      }
    >
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <Button onClick={fillIn}>{t(text === '' ? 'postmortem.fill' : 'postmortem.refill')}</Button>
        <MayButton
          why={why}
          ready={ready}
          onClick={() => {
            const params = { incident: incident.id, language, markdown: text };
            void give({ name: 'postmortem.save', params });
          }}
        >
          {t('postmortem.save')}
        </MayButton>
        <MayButton
          why={whyNot(view, permissions.publishPostMortem)}
          ready={publishable && draft === undefined && !publishing.busy}
          onClick={() => {
            const params = { incident: incident.id };
            void publishing.give({ name: 'postmortem.publish', params });
          }}
        >
          {t('postmortem.publish')}
        </MayButton>
        {draft !== undefined && (
          <span className="text-[12px] text-amber">{t('postmortem.unsaved')}</span>
        )}
        <span className="flex-1" />
        <span className="figure text-[12px] text-muted">
          {amount(text.length, 0)} / {amount(MAX_POSTMORTEM_LENGTH, 0)}
        </span>
      </div>
      <Why why={why} />
      <Standing standing={standing} />
      <Standing standing={publishing.standing} />
      <div className="grid grid-cols-2 gap-2">
        <textarea
          className={`${INPUT} figure field-sizing-content min-h-96 resize-none text-[12px]`}
          aria-label={t('postmortem.text')}
          spellCheck={false}
          maxLength={MAX_POSTMORTEM_LENGTH}
          value={text}
          onChange={(event) => changeDraft(name, event.target.value)}
        />
        <Preview markdown={text} />
      </div>
      {postMortem !== null && <Export incident={incident.id} unsaved={draft !== undefined} />}
    </Section>
  );
}

/** What goes to paper, as it will stand there: no HTML, and nothing that can be followed. */
function Preview({ markdown }: { markdown: string }) {
  const t = useT();
  const { title, blocks } = readMarkdown(useDeferredValue(markdown));
  return (
    <section
      aria-label={t('postmortem.preview')}
      className="min-w-0 rounded-md border border-line px-3 py-2 select-text"
    >
      {title && (
        <p className="text-[15px] font-semibold">
          <Hostile text={title} max={400} />
        </p>
      )}
      <DocumentBlocks blocks={blocks} />
    </section>
  );
}

function Export({ incident, unsaved }: { incident: string; unsaved: boolean }) {
  const t = useT();
  const [busy, setBusy] = useState(false);
  const [saved, setSaved] = useState<{ path: string; seq: number } | null>(null);
  async function save(format: PostMortemFormat): Promise<void> {
    setBusy(true);
    setSaved(await call('postmortem.export', { incident, format }));
    setBusy(false);
  }
  return (
    <div className="mt-2 flex flex-wrap items-center gap-2 text-[12px]">
      <span className="text-muted">
        {t(unsaved ? 'postmortem.exportSaved' : 'postmortem.export')}
      </span>
      <Button disabled={busy} onClick={() => void save('pdf')}>
        PDF
      </Button>
      <Button disabled={busy} onClick={() => void save('md')}>
        Markdown
      </Button>
      <p role="status" className="min-w-0 flex-1 break-all select-text">
        {busy && t('document.saving')}
        {saved && (
          <>
            {t('postmortem.exported', { seq: saved.seq })} <Hostile text={saved.path} max={240} />
          </>
        )}
      </p>
    </div>
  );
}

/** The text that was saved last; null while there is none or it has not come yet. */
function useSavedText({ id, postMortem }: Incident): string | null {
  const [read, setRead] = useState<{ seq: number; markdown: string } | null>(null);
  const seq = postMortem?.saved.seq ?? null;
  const absent = postMortem !== null && postMortem.markdown === null;
  useEffect(() => {
    if (!absent || seq === null) return;
    let there = true;
    void call('postmortem.text', { incident: id }).then((answer) => {
      if (there && answer) setRead({ seq, markdown: answer.markdown });
    });
    return () => {
      there = false;
    };
  }, [absent, id, seq]);
  return postMortem?.markdown ?? (read?.seq === seq ? (read?.markdown ?? null) : null);
}
