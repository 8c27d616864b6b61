import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPrinter, type Printable } from '../../../src/main/documents/printer';
import { saveDocument } from '../../../src/node/saveDocument';

const PDF = new Uint8Array([0x25, 0x50, 0x44, 0x46]);

const sheet = (html: string): Printable => ({ html, foot: '' });

/** Pages that print when they are told to, and what became of each. */
function pages() {
  const opened: { html: string; closed: boolean; finish(): void; fail(error: Error): void }[] = [];
  const open = ({ html }: Printable) => {
    const page = { html, closed: false, finish: () => {}, fail: (_: Error) => {} };
    const printed = new Promise<Uint8Array>((resolve, reject) => {
      page.finish = () => resolve(PDF);
      page.fail = reject;
    });
    opened.push(page);
    return {
      pdf: () => printed,
      close() {
        page.closed = true;
      },
    };
  };
  return { opened, open };
}

describe('the printer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('prints one document after the other, each in a page that ends with it', async () => {
    const { opened, open } = pages();
    const printer = createPrinter({ open, timeoutMs: 1_000 });
    const first = printer.print(sheet('a'));
    const second = printer.print(sheet('b'));
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    opened[0]?.finish();
    expect(await first).toBe(PDF);
    await vi.waitFor(() => expect(opened.map(({ html }) => html)).toEqual(['a', 'b']));
    expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
    opened[1]?.finish();
    expect(await second).toBe(PDF);
    expect(opened[1]?.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up a page that does not come to an end, and goes on with the next', async () => {
    const { opened, open } = pages();
    const printer = createPrinter({ open, timeoutMs: 1_000 });
    const stuck = expect(printer.print(sheet('a'))).rejects.toMatchObject({ code: 'timed_out' });
    const next = printer.print(sheet('b'));
    await vi.advanceTimersByTimeAsync(1_000);
    await stuck;
    expect(opened[0]?.closed).toBe(true);
    opened[1]?.finish();
    expect(await next).toBe(PDF);
  });

  it('says that a page failed, and why', async () => {
    const { opened, open } = pages();
    const printer = createPrinter({ open, timeoutMs: 1_000 });
    const failed = expect(printer.print(sheet('a'))).rejects.toMatchObject({
      code: 'failed',
      message: 'Error: no page',
    });
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    opened[0]?.fail(new Error('no page'));
    await failed;
    expect(opened[0]?.closed).toBe(true);
  });

  it('is cancelled while it prints, while it waits, and when the terminal ends', async () => {
    const { opened, open } = pages();
    const printer = createPrinter({ open, timeoutMs: 1_000 });
    const running = new AbortController();
    const waiting = new AbortController();
    const cancelled = { code: 'cancelled' };
    const first = expect(printer.print(sheet('a'), running.signal)).rejects.toMatchObject(
      cancelled,
    );
    const second = expect(printer.print(sheet('b'), waiting.signal)).rejects.toMatchObject(
      cancelled,
    );
    const third = expect(printer.print(sheet('c'))).rejects.toMatchObject(cancelled);
    waiting.abort();
    await vi.waitFor(() => expect(opened).toHaveLength(1));
    running.abort();
    await first;
    await second;
    await vi.waitFor(() => expect(opened.map(({ html }) => html)).toEqual(['a', 'c']));
    printer.stop();
    await third;
    expect(opened.every(({ closed }) => closed)).toBe(true);
    await expect(printer.print(sheet('d'))).rejects.toMatchObject(cancelled);
    expect(opened).toHaveLength(2);
  });
});

describe('a saved document', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vigia-save-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is whole under its name, with nothing left beside it, and takes the old one’s place', async () => {
    const inner = join(folder, 'Vigía');
    await saveDocument(inner, 'a.md', 'one');
    const path = await saveDocument(inner, 'a.md', PDF);
    expect(new Uint8Array(readFileSync(path))).toEqual(PDF);
    expect(readdirSync(inner)).toEqual(['a.md']);
  });

  it('leaves nothing when it cannot be put in place', async () => {
    await saveDocument(join(folder, 'taken'), 'inner', 'x');
    await expect(saveDocument(folder, 'taken', 'y')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});
