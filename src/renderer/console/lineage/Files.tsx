import type { Layout } from '@shared/lineage/layout';
import { readRunEvents } from '@shared/lineage/openlineage';
import { type PictureTexts, toJson, toSvg } from '@shared/lineage/svg';
import type { Area } from '@shared/lineage/window';
import { useRef } from 'react';
import { toast } from 'sonner';
import { Button } from '../../components/ui';
import { type Translate, useT } from '../../i18n';
import { call } from '../../lib/call';
import { clip } from '../../lib/format';
import { pictured, pictureOf } from './picture';

function textsOf(t: Translate): PictureTexts {
  return {
    title: t('lineage.title'),
    mismatch: t('lineage.legend.mismatch'),
    gone: t('lineage.gone'),
  };
}

/** Writes the graph that is shown to a file, and takes OpenLineage run events from one. */
export function Files(props: {
  readonly layout: Layout;
  /** The part that is seen now. */
  readonly seen: () => Area;
  /** The event up to which the log is shown; null in the present. */
  readonly at: number | null;
}) {
  const t = useT();
  const { layout, seen, at } = props;
  const input = useRef<HTMLInputElement>(null);
  const made = {
    svg: () => toSvg(layout, textsOf(t)),
    png: () => pictureOf(layout, pictured(layout, seen()), t),
    json: () => toJson(layout),
    // The log itself gives these; what is shown does not matter.
    openlineage: () => '',
  };

  async function save(format: keyof typeof made): Promise<void> {
    const saved = await call('lineage.save', { format, data: made[format](), at });
    if (saved?.path) toast.success(t('lineage.saved', { path: clip(saved.path, 200) }));
  }

  async function take(file: File): Promise<void> {
    const { events, faults } = readRunEvents(await file.text());
    let sent = 0;
    for (const event of events) {
      if (!(await call('lineage.report', { event }))) break;
      sent += 1;
    }
    toast.message(t('lineage.imported', { sent, faults: faults.length }), {
      description: clip(faults.slice(0, 3).join('; '), 300),
    });
  }

  return (
    <div className="flex flex-wrap items-center gap-1 text-[12px]">
      <span className="text-muted">{t('lineage.export')}</span>
      {(Object.keys(made) as (keyof typeof made)[]).map((format) => (
        <Button
          key={format}
          browse
          title={format === 'png' ? t('lineage.export.pngWhat') : undefined}
          onClick={() => void save(format)}
        >
          {t(`lineage.export.${format}`)}
        </Button>
      ))}
      <Button onClick={() => input.current?.click()}>{t('lineage.import')}</Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".json,.jsonl,.ndjson"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          if (file) void take(file);
        }}
      />
    </div>
  );
}
