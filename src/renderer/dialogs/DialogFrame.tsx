import { Dialog } from 'radix-ui';
import type { ReactNode } from 'react';
import { closeDialog } from '../lib/store';

export function DialogFrame(props: {
  title: string;
  description: string;
  /** For documents and tables. */
  wide?: boolean;
  children: ReactNode;
}) {
  const width = props.wide ? 'w-[min(920px,96vw)]' : 'w-[min(480px,96vw)]';
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeDialog()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/70" />
        <Dialog.Content
          className={`fixed top-1/2 left-1/2 z-50 max-h-[96vh] ${width} -translate-x-1/2 -translate-y-1/2 overflow-y-auto rounded-md border border-line bg-surface p-4`}
          onOpenAutoFocus={(event) => {
            const first = (event.currentTarget as HTMLElement).querySelector('[data-first-focus]');
            if (!(first instanceof HTMLElement)) return;
            event.preventDefault();
            first.focus();
            if (first instanceof HTMLTextAreaElement) first.select();
          }}
          onPointerDownOutside={(event) => event.preventDefault()}
        >
          <Dialog.Title className="text-[20px] font-bold">{props.title}</Dialog.Title>
          <Dialog.Description className="mt-1 mb-3 text-[13px] text-muted">
            {props.description}
          </Dialog.Description>
          {props.children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
