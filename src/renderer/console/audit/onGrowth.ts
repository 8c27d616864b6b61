const REST_MS = 500;

/** Calls after the mirror has grown, twice a second at most. @returns the way out */
export function onGrowth(call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const leave = window.vigia.on('audit.grew', () => {
    timer ??= setTimeout(() => {
      timer = null;
      call();
    }, REST_MS);
  });
  return () => {
    leave();
    if (timer) clearTimeout(timer);
  };
}
