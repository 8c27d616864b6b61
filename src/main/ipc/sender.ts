/** The part of Electron's invoke event by which a caller is known. */
export interface Caller {
  readonly sender: { readonly id: number };
  readonly senderFrame: {
    readonly url: string;
    readonly parent: unknown;
  } | null;
}

export interface OwnPages {
  /** Ids of the web contents this program made. */
  readonly contentsIds: () => readonly number[];
  /** The address its pages are loaded from, with a slash at the end. */
  readonly root: string;
}

/**
 * Whether a call comes from a page of ours: a web contents we made, its main frame and a page of
 * our own scheme. Any one of the three alone can be had by a page that got in some other way.
 */
export function isOwnCaller(caller: Caller, own: OwnPages): boolean {
  const frame = caller.senderFrame;
  if (!frame || frame.parent !== null) return false;
  if (!own.contentsIds().includes(caller.sender.id)) return false;
  let url: URL;
  try {
    url = new URL(frame.url);
  } catch {
    return false;
  }
  // `URL` has resolved dot segments; an encoded one is refused.
  if (/%2e|%2f|%5c/i.test(url.pathname)) return false;
  return url.href.startsWith(own.root);
}
