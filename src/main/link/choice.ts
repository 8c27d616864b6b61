import type { OperationsPolicy } from '../../shared/policy/operations';

/**
 * Which of several gateways' logs is followed, which connection stands ready beside it, and which
 * address is tried next. Pure: what is to be done comes back as effects. Times are milliseconds of the
 * clock that never jumps.
 */
export interface Choice {
  readonly addresses: readonly string[];
  /** One connection, or its next try, for one address; two for more. Never two to one address. */
  readonly lines: readonly Line[];
  /** The connection whose log is followed. A second one that is greeted stands ready. */
  readonly live: number | null;
  /** Connections opened so far: a number is never used twice. */
  readonly opened: number;
  /** When both connections were last pinged to see which one answers; null with no second one. */
  readonly probedAt: number | null;
  /** When the silence was last looked at. */
  readonly lookedAt: number;
  /** Addresses whose gateway has another history. */
  readonly strangers: readonly string[];
  /** Since when gateways that answer do not go on from our history; null once one did. */
  readonly doubtSince: number | null;
}

export interface Line {
  readonly address: string;
  /** Null while it waits for its next try. */
  readonly conn: number | null;
  /** Welcomed, by a gateway that may have our history. */
  readonly greeted: boolean;
  /** When it was opened or last heard. */
  readonly heardAt: number;
  /** Since when a ping to it has had no answer: a gateway may speak and not hear. Null where none is out. */
  readonly askedAt: number | null;
  /** Tries in a row that came to nothing. */
  readonly attempt: number;
}

/**
 * Why a connection is no more: the gateway has another history, does not know our last event (it may
 * only be behind), this terminal could not use it, or the connection ended.
 */
export type Verdict = 'other' | 'behind' | 'ours' | 'ended';

export type LinkEvent =
  | { readonly type: 'connect'; readonly addresses: readonly string[]; readonly at: number }
  /** The wait of a line is over. */
  | { readonly type: 'due'; readonly line: number; readonly at: number }
  /** Whatever waits is tried now. */
  | { readonly type: 'wake'; readonly at: number }
  | { readonly type: 'welcomed'; readonly conn: number; readonly at: number }
  | { readonly type: 'heard'; readonly conn: number; readonly at: number }
  /** Bytes came, and no message is whole yet. */
  | { readonly type: 'arriving'; readonly conn: number; readonly at: number }
  /** A ping went out. */
  | { readonly type: 'asked'; readonly conn: number; readonly at: number }
  /** What it said shows that it hears us. */
  | { readonly type: 'answered'; readonly conn: number }
  /** The gateway has our history: it went on from it, or its hash is ours at the same place. */
  | { readonly type: 'same'; readonly conn: number }
  | {
      readonly type: 'closed';
      readonly conn: number;
      readonly at: number;
      readonly verdict: Verdict;
    }
  | { readonly type: 'look'; readonly at: number }
  | { readonly type: 'restart' };

export type LinkEffect =
  | {
      readonly type: 'open';
      readonly line: number;
      readonly conn: number;
      readonly address: string;
    }
  /** To be tried again after the wait of so many failures. */
  | { readonly type: 'retry'; readonly line: number; readonly attempt: number }
  | { readonly type: 'drop'; readonly conn: number; readonly fault: Fault | null }
  /** Its log is followed from now on, from where the mirror stands. */
  | { readonly type: 'follow'; readonly conn: number }
  /** The log is followed nowhere now. */
  | { readonly type: 'lost' }
  /** Both connections are to show whether they are there. */
  | { readonly type: 'probe' }
  | { readonly type: 'stranger'; readonly address: string }
  /** No gateway that answers goes on from our history: the mirror is to be set aside. */
  | { readonly type: 'diverged' };

/** Nothing was heard for so long, or a ping has had no answer for so long. */
export interface Fault {
  readonly code: 'silent' | 'unanswered';
  readonly ms: number;
}

export interface Chosen {
  readonly choice: Choice;
  readonly effects: readonly LinkEffect[];
}

export type LinkTimes = Pick<
  OperationsPolicy['link'],
  'heartbeatMs' | 'staleAfterMs' | 'downAfterMs'
>;

/**
 * How long after a probe, in heartbeats, only the other one having answered it, the log is followed
 * there: at the second look, of which timers may round a millisecond off. A busy gateway's turn and a
 * packet that is sent again are shorter; with the wait for a probe, one that hangs is left within 0.75.
 */
const MOVE_AFTER_BEATS = 0.45;
/** Looks at the silence in a heartbeat; each may be a probe. */
export const LOOKS_PER_BEAT = 4;

export const NO_CHOICE: Choice = {
  ...{ addresses: [], lines: [], live: null, opened: 0 },
  ...{ probedAt: null, lookedAt: 0, strangers: [], doubtSince: null },
};

/**
 * Folds one happening into the choice.
 *
 * The log is followed on the connection that is greeted first, and leaves it only when that one is lost,
 * or says nothing at two looks or answers no ping for longer while the other one does. Nothing ever leads
 * back by itself: the address that was left is one to stand ready, like any other.
 */
export function choose(choice: Choice, event: LinkEvent, times: LinkTimes): Chosen {
  switch (event.type) {
    case 'connect':
      return connect(choice, event.addresses, event.at);
    case 'due':
      return open(choice, event.line, event.at);
    case 'wake':
      return inTurn(choice, (now, line) => open(now, line, event.at));
    case 'welcomed':
      return welcomed(choice, event.conn, event.at);
    case 'heard':
      return only(withLine(choice, event.conn, { heardAt: event.at }));
    case 'arriving':
      return only(arriving(choice, event.conn, event.at));
    case 'asked':
      return only(asked(choice, event.conn, event.at));
    case 'answered':
      return only(withLine(choice, event.conn, { askedAt: null }));
    case 'same':
      return only(same(choice, event.conn));
    case 'closed':
      return ended(choice, event.conn, event.at, event.verdict, times);
    case 'look':
      return look(choice, event.at, times);
    case 'restart':
      return restart(choice);
  }
}

/** The connection that stands ready beside the live one. */
export function standby(choice: Choice): number | null {
  const other = choice.lines.find(({ conn, greeted }) => greeted && conn !== choice.live);
  return choice.live === null ? null : (other?.conn ?? null);
}

/** Gateways that stand: the live one and the one that is ready, as far as they spoke and answered of late. */
export function standing(choice: Choice, at: number, times: LinkTimes): number {
  return choice.lines.filter((line) => line.greeted && !faultOf(line, at, times.staleAfterMs))
    .length;
}

/** How long a ping on the live connection has had no answer, ms; 0 where none is out. */
export function unansweredMs(choice: Choice, at: number): number {
  const live = liveLine(choice);
  return live ? unanswered(live, at) : 0;
}

/** The connection to an address over which a kill could go. */
export function connectionTo(choice: Choice, address: string): number | null {
  return choice.lines.find((line) => line.greeted && line.address === address)?.conn ?? null;
}

function connect(before: Choice, wanted: readonly string[], at: number): Chosen {
  const addresses = [...new Set(wanted)];
  const lines = addresses.slice(0, 2).map((address): Line => {
    return { address, conn: null, greeted: false, heardAt: at, askedAt: null, attempt: 0 };
  });
  const choice = { ...NO_CHOICE, addresses, lines, opened: before.opened };
  const opened = inTurn(choice, (now, line) => open(now, line, at));
  return { ...opened, effects: [...drops(before), ...opened.effects] };
}

function open(choice: Choice, index: number, at: number): Chosen {
  const line = choice.lines[index];
  if (!line || line.conn !== null) return only(choice);
  const conn = choice.opened + 1;
  const lines = choice.lines.with(index, { ...line, conn, heardAt: at, askedAt: null });
  const effect = { type: 'open', line: index, conn, address: line.address } as const;
  return { choice: { ...choice, lines, opened: conn }, effects: [effect] };
}

function welcomed(before: Choice, conn: number, at: number): Chosen {
  const line = before.lines.find((one) => one.conn === conn);
  if (!line) return only(before);
  // One that greets and then refuses our history, over and over, is to be tried ever less often.
  const attempt = before.doubtSince === null ? 0 : line.attempt;
  const greeted = withLine(before, conn, { greeted: true, heardAt: at, attempt });
  if (greeted.live !== null) return only(greeted);
  return { choice: { ...greeted, live: conn }, effects: [{ type: 'follow', conn }] };
}

/** The gateway has our history. */
function same(before: Choice, conn: number): Choice {
  const line = before.lines.find((one) => one.conn === conn);
  const isDoubted = before.doubtSince !== null && conn === before.live;
  const choice = isDoubted
    ? { ...withLine(before, conn, { attempt: 0 }), doubtSince: null }
    : before;
  if (!line || !choice.strangers.includes(line.address)) return choice;
  return { ...choice, strangers: choice.strangers.filter((one) => one !== line.address) };
}

/** The connection is no more: the other one is followed if that stands, and another address tried. */
function ended(
  before: Choice,
  conn: number,
  at: number,
  verdict: Verdict,
  times: LinkTimes,
): Chosen {
  const index = before.lines.findIndex((line) => line.conn === conn);
  const line = before.lines[index];
  if (!line) return only(before);
  const address = verdict === 'ours' ? line.address : nextAddress(before, line.address);
  const attempt = line.attempt + 1;
  const lines = before.lines.with(index, { ...line, address, conn: null, greeted: false, attempt });
  const wasLive = before.live === conn;
  const other = lines.find(({ greeted }) => greeted)?.conn ?? null;
  const live = wasLive ? other : before.live;
  const effects: LinkEffect[] = wasLive ? [{ type: 'lost' }] : [];
  effects.push({ type: 'retry', line: index, attempt });
  if (wasLive && other !== null) effects.push({ type: 'follow', conn: other });

  let { strangers, doubtSince } = before;
  const alone = before.addresses.length === 1;
  if (verdict === 'other' && !alone && !strangers.includes(line.address)) {
    strangers = [...strangers, line.address];
    effects.push({ type: 'stranger', address: line.address });
  }
  // While the live gateway goes on from our history, another's is that gateway's trouble alone.
  if ((verdict === 'other' || verdict === 'behind') && (wasLive || live === null)) {
    doubtSince ??= at;
    const isOver = alone || at - doubtSince >= times.downAfterMs;
    if (live === null && isOver) {
      effects.push({ type: 'diverged' });
      strangers = [];
      doubtSince = null;
    }
  }
  const probedAt = wasLive ? null : before.probedAt;
  return { choice: { ...before, lines, live, probedAt, strangers, doubtSince }, effects };
}

/** What was asked before is answered behind what is under way, which takes its time on a slow line. */
function arriving(choice: Choice, conn: number, at: number): Choice {
  return withLine(choice, conn, { heardAt: at, ...(isAsked(choice, conn) && { askedAt: at }) });
}

function asked(choice: Choice, conn: number, at: number): Choice {
  return isAsked(choice, conn) ? choice : withLine(choice, conn, { askedAt: at });
}

function isAsked({ lines }: Choice, conn: number): boolean {
  return lines.some((line) => line.conn === conn && line.askedAt !== null);
}

function look(before: Choice, at: number, times: LinkTimes): Chosen {
  // What came while this program was at something else may not have been read: such a look tells nothing.
  const patience = MOVE_AFTER_BEATS * times.heartbeatMs;
  const isLate = at - before.lookedAt >= patience;
  const { choice, effects } = inTurn({ ...before, lookedAt: at }, (now, index) => {
    const line = now.lines[index];
    const fault = line ? faultOf(line, at, times.downAfterMs) : null;
    const isKnown = fault?.code === 'silent' || !isLate;
    return line && fault && isKnown ? dropFor(fault, now, line, at, times) : only(now);
  });
  const live = liveLine(choice);
  const other = choice.lines.find(({ conn }) => conn !== null && conn === standby(choice));
  if (!live || !other) return { choice: { ...choice, probedAt: null }, effects };

  const move = (fault: Fault): Chosen => {
    const moved = dropFor(fault, choice, live, at, times);
    return { choice: moved.choice, effects: [...effects, ...moved.effects] };
  };
  // Where neither answers it is the network or this machine, and there is nowhere better to go.
  const isOtherThere = unanswered(other, at) < times.heartbeatMs;
  const deafMs = unanswered(live, at);
  if (isOtherThere && !isLate && deafMs >= times.staleAfterMs) {
    return move({ code: 'unanswered', ms: deafMs });
  }
  const { probedAt } = choice;
  if (probedAt !== null && !isLate && live.heardAt <= probedAt) {
    if (at - probedAt < patience) return { choice, effects };
    if (isOtherThere && other.heardAt > probedAt) {
      return move({ code: 'silent', ms: at - live.heardAt });
    }
  }
  return { choice: { ...choice, probedAt: at }, effects: [...effects, { type: 'probe' }] };
}

/** What has been wrong with a connection for so long, if anything. */
function faultOf(line: Line, at: number, ms: number): Fault | null {
  const silentMs = at - line.heardAt;
  if (silentMs >= ms) return { code: 'silent', ms: silentMs };
  const deafMs = unanswered(line, at);
  return deafMs >= ms ? { code: 'unanswered', ms: deafMs } : null;
}

function unanswered({ askedAt }: Line, at: number): number {
  return askedAt === null ? 0 : at - askedAt;
}

function liveLine({ lines, live }: Choice): Line | undefined {
  return lines.find(({ conn }) => conn !== null && conn === live);
}

function dropFor(fault: Fault, choice: Choice, line: Line, at: number, times: LinkTimes): Chosen {
  if (line.conn === null) return only(choice);
  const after = ended(choice, line.conn, at, 'ended', times);
  return { ...after, effects: [{ type: 'drop', conn: line.conn, fault }, ...after.effects] };
}

/** Every connection anew, at the same addresses: what was wrong was not theirs. */
function restart(before: Choice): Chosen {
  const lines = before.lines.map((line): Line => {
    return { ...line, conn: null, greeted: false, attempt: line.attempt + 1 };
  });
  const lost: readonly LinkEffect[] = before.live === null ? [] : [{ type: 'lost' }];
  const retries = lines.map(({ attempt }, line) => ({ type: 'retry', line, attempt }) as const);
  return {
    choice: { ...before, lines, live: null, probedAt: null },
    effects: [...drops(before), ...lost, ...retries],
  };
}

/** The next in the list that no line is at, in a round. */
function nextAddress({ addresses, lines }: Choice, from: string): string {
  const at = addresses.indexOf(from);
  const round = [...addresses.slice(at + 1), ...addresses.slice(0, at + 1)];
  const taken = lines.flatMap(({ address }) => (address === from ? [] : [address]));
  return round.find((address) => !taken.includes(address)) ?? from;
}

function drops({ lines }: Choice): LinkEffect[] {
  return lines.flatMap(({ conn }) =>
    conn === null ? [] : [{ type: 'drop' as const, conn, fault: null }],
  );
}

function withLine(choice: Choice, conn: number, change: Partial<Line>): Choice {
  const lines = choice.lines.map((line) => (line.conn === conn ? { ...line, ...change } : line));
  return { ...choice, lines };
}

/** One step for each line, each on what the one before it led to. */
function inTurn(choice: Choice, step: (now: Choice, line: number) => Chosen): Chosen {
  return choice.lines.reduce<Chosen>((done, _line, index) => {
    const next = step(done.choice, index);
    return { choice: next.choice, effects: [...done.effects, ...next.effects] };
  }, only(choice));
}

function only(choice: Choice): Chosen {
  return { choice, effects: [] };
}
