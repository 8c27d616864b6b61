/** What is printed: HTML that needs nothing but itself (`documentHtml`), and each page's foot. */
export interface Printable {
  readonly html: string;
  readonly foot: string;
}

/** One page that is being made into a PDF. */
export interface PrintPage {
  /** Loads the page and prints it. */
  pdf(): Promise<Uint8Array>;
  /** Ends the page, whatever it is doing. */
  close(): void;
}

export type PrintFailure = 'timed_out' | 'cancelled' | 'failed';

/** Why a document was not printed. */
export class PrintError extends Error {
  override readonly name = 'PrintError';
  constructor(
    readonly code: PrintFailure,
    message: string,
  ) {
    super(message);
  }
}

export interface Printer {
  /**
   * Makes a PDF.
   *
   * @param signal cancels it, also while it waits for its turn.
   * @throws {PrintError}
   */
  print(printable: Printable, signal?: AbortSignal): Promise<Uint8Array>;
  /** Cancels what is being printed and what waits. */
  stop(): void;
}

/**
 * Prints documents one after the other, each in a page of its own that ends with it. A page that does
 * not come to an end in time is ended.
 */
export function createPrinter(deps: {
  readonly open: (printable: Printable) => PrintPage;
  readonly timeoutMs: number;
}): Printer {
  const stopping = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();

  async function one(printable: Printable, signal: AbortSignal): Promise<Uint8Array> {
    if (signal.aborted) throw cancelled();
    const page = deps.open(printable);
    const ends = new AbortController();
    try {
      return await Promise.race([page.pdf(), end(signal, ends.signal, deps.timeoutMs)]);
    } catch (error) {
      throw error instanceof PrintError ? error : new PrintError('failed', String(error));
    } finally {
      ends.abort();
      page.close();
    }
  }

  return {
    print(printable, signal) {
      const stop = stopping.signal;
      const either = signal ? AbortSignal.any([signal, stop]) : stop;
      const printed = turn.then(() => one(printable, either));
      // What failed does not keep the next one from its turn.
      turn = printed.catch(() => undefined);
      return printed;
    },
    stop: () => stopping.abort(),
  };
}

/** Fails when the time is up or somebody cancels; `over` ends the wait. */
function end(signal: AbortSignal, over: AbortSignal, timeoutMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const late = new PrintError('timed_out', `the document was not printed in ${timeoutMs} ms`);
    const timer = setTimeout(() => reject(late), timeoutMs);
    signal.addEventListener('abort', () => reject(cancelled()), { once: true, signal: over });
    over.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}

const cancelled = (): PrintError => new PrintError('cancelled', 'printing was cancelled');
