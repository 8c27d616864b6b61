import WebSocket from 'ws';

/** A page or the main process, spoken to by the DevTools protocol (Runtime.evaluate only). */
export interface Inspected {
  /** Evaluates an expression there, awaits it, and gives its JSON value. */
  evaluate(expression: string): Promise<unknown>;
  close(): void;
}

interface Answer {
  readonly id: number;
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: { readonly text: string };
  };
}

export async function inspect(url: string): Promise<Inspected> {
  const socket = new WebSocket(url);
  await new Promise((open, failed) => socket.once('open', open).once('error', failed));
  let last = 0;
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return {
    async evaluate(expression) {
      last += 1;
      const id = last;
      const answered = new Promise<Answer>((done) => waiting.set(id, done));
      const params = { expression, awaitPromise: true, returnByValue: true };
      socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
      const { result } = await answered;
      if (result?.exceptionDetails) throw new Error(result.exceptionDetails.text);
      return result?.result?.value;
    },
    close: () => socket.terminate(),
  };
}

/** The pages of an Electron that was started with `--remote-debugging-port`, by a part of their URL. */
export async function inspectPage(browserUrl: string, part: string): Promise<Inspected> {
  const response = await fetch(`http://${new URL(browserUrl).host}/json`);
  const pages = (await response.json()) as { url: string; webSocketDebuggerUrl: string }[];
  const page = pages.find(({ url }) => url.includes(part));
  if (!page) throw new Error(`there is no page ${part}`);
  return inspect(page.webSocketDebuggerUrl);
}
