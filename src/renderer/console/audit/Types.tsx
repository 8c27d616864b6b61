import { DropdownMenu } from 'radix-ui';
import { Button } from '../../components/ui';
import { useT } from '../../i18n';
import { eventName } from '../../i18n/events';
import { clip } from '../../lib/format';
import { useLanguage } from '../../lib/useSaid';

/** As many types as a filter may have. */
const MOST = 64;
const ITEM =
  'relative flex cursor-default items-center rounded px-2 py-1 pl-6 outline-none data-[disabled]:text-muted data-[highlighted]:bg-raised';

interface Props {
  readonly chosen: readonly string[];
  /** Types that the record has. */
  readonly known: readonly string[];
  readonly onChange: (types: string[]) => void;
}

/** Types of event to be shown, any number of them; none chosen is every one. */
export function Types({ chosen, known, onChange }: Props) {
  const t = useT();
  const language = useLanguage();
  const nameOf = (type: string): string => eventName(type, language);
  const [first] = chosen;
  const said =
    first === undefined
      ? t('audit.any')
      : chosen.length === 1
        ? nameOf(first)
        : t('audit.someTypes', { count: chosen.length });
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button
          browse
          className="w-full truncate text-left"
          title={chosen.length > 1 ? chosen.map(nameOf).join(', ') : undefined}
        >
          {t('audit.type')}: {said}
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Content
        align="start"
        className="z-50 max-h-96 min-w-56 overflow-y-auto rounded-md border border-line bg-surface p-1"
      >
        <DropdownMenu.Item className={ITEM} onSelect={() => onChange([])}>
          {t('audit.any')}
        </DropdownMenu.Item>
        <DropdownMenu.Separator className="my-1 h-px bg-line" />
        {/* A type that was chosen stays to be seen, even where the record has it no longer. */}
        {[...new Set([...known, ...chosen])].map((type) => (
          <DropdownMenu.CheckboxItem
            key={type}
            className={ITEM}
            checked={chosen.includes(type)}
            disabled={chosen.length >= MOST && !chosen.includes(type)}
            // It stays open: there may be more to choose.
            onSelect={(event) => event.preventDefault()}
            onCheckedChange={(on) =>
              onChange(on ? [...chosen, type] : chosen.filter((one) => one !== type))
            }
          >
            <DropdownMenu.ItemIndicator aria-hidden className="absolute left-2">
              ✓
            </DropdownMenu.ItemIndicator>
            {clip(nameOf(type), 64)}
          </DropdownMenu.CheckboxItem>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu.Root>
  );
}
