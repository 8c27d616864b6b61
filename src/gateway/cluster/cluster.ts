import { z } from 'zod';
import { type Command, commandSchema } from '../../shared/protocol/commands';
import { type Answer, answerSchema, roleSchema } from '../../shared/protocol/terminal';
import { reportLanguageSchema } from '../../shared/reports/events';
import { phrase, say } from '../../shared/words/phrase';
import type { Commands, Operator } from '../commands';
import type { LeaseDesk, LeaseView } from '../monitor/leaseDesk';
import type { ReportKeeper } from '../reports/keeper';
import type { Printing } from '../reports/printings';
import type { TextBucket } from './bucket';
import type { Leases } from './leases';
import type { Peers } from './peers';
import type { LogStream } from './stream';

/** What makes a gateway one of several. */
export interface Cluster {
  /** This gateway's name; no two that run may have one. */
  readonly node: string;
  readonly stream: LogStream;
  readonly leases: Leases;
  /** Of channels and bridges, each sealed. */
  readonly secrets: TextBucket;
  /** Printings of reports, sealed. */
  readonly printings: TextBucket;
  readonly peers: Peers;
  close(): Promise<void>;
}

/** The monitor's lease, wherever it is given. */
export interface LeaseCounter {
  ask(holder: string, token: number | null): LeaseView | Promise<LeaseView>;
  release(token: number): void;
  view(): LeaseView;
}

const COMMAND = 'command';
const LEASE = 'lease';
const PRINTED = 'printed';
const NOBODY_ACTS = phrase(
  'the gateway that acts for all does not answer: look whether it was done before giving it again',
);
const NOBODY: LeaseView = { holder: null, token: null, expiresInMs: 0 };

const askedSchema = z.object({
  command: commandSchema,
  operator: z.object({ id: z.string(), name: z.string(), roles: z.array(roleSchema) }),
  terminal: z.string(),
});
const leaseAskedSchema = z.object({
  holder: z.string(),
  token: z.int().nullable(),
  release: z.boolean(),
});
const printingSchema = z.object({ report: z.string(), language: reportLanguageSchema });
const leaseViewSchema = z.object({
  holder: z.string().nullable(),
  token: z.int().nullable(),
  expiresInMs: z.number(),
});

/**
 * Answers the other gateways for what only this one does now. They have authenticated who asks; the
 * account they reach the servers by is trusted as they are. @returns the way out
 */
export function serveOthers(
  peers: Peers,
  commands: Commands,
  lease: LeaseDesk,
  reports: Pick<ReportKeeper, 'printed'>,
): () => void {
  const leave = [
    peers.serve(COMMAND, async (asked) => {
      const { command, operator, terminal } = askedSchema.parse(asked);
      const answers: Answer[] = [];
      await new Promise<void>((answered) => {
        commands.handle(command, operator, terminal, (answer) => {
          answers.push(answer);
          // What is done at once is said in the same turn.
          if (answer.stage === 'accepted' || answer.stage === 'rejected') setImmediate(answered);
        });
      });
      return answers.filter(({ stage }) => stage !== 'received');
    }),
    peers.serve(LEASE, async (asked) => {
      const { holder, token, release } = leaseAskedSchema.parse(asked);
      if (!release) return lease.ask(holder, token);
      if (token !== null) lease.release(token);
      return lease.view();
    }),
    peers.serve(PRINTED, async (asked) => reports.printed(printingSchema.parse(asked))),
  ];
  return () => {
    for (const way of leave) way();
  };
}

/** Gives a command to the gateway that acts for all, and answers what it answers first. */
export function forwardTo(peers: Peers) {
  return (
    command: Command,
    operator: Operator,
    terminal: string,
    answer: Parameters<Commands['handle']>[3],
  ): void => {
    peers.ask(COMMAND, { command, operator, terminal }).then(
      (reply) => {
        const answers = z.array(answerSchema).safeParse(reply);
        for (const one of answers.data ?? []) answer(one);
      },
      () =>
        answer({
          ...{ type: 'answer', id: command.id, stage: 'rejected', code: 'unavailable' },
          ...{ message: say(NOBODY_ACTS, 'en'), said: [NOBODY_ACTS] },
        }),
    );
  };
}

/** Tells the gateway that acts for all that a printing is at the servers. */
export function tellPrinted(peers: Peers): (printing: Printing) => Promise<'taken' | 'late'> {
  return (printing) =>
    peers
      .ask(PRINTED, printing)
      .then((reply) => z.enum(['taken', 'late']).parse(reply))
      .catch(() => 'late');
}

/** The monitor's lease as the gateway that acts for all gives it. */
export function leaseFrom(peers: Peers): LeaseCounter {
  const ask = (holder: string, token: number | null, release: boolean): Promise<LeaseView> =>
    peers
      .ask(LEASE, { holder, token, release })
      .then((reply) => leaseViewSchema.parse(reply))
      .catch(() => NOBODY);
  return {
    ask: (holder, token) => ask(holder, token, false),
    release: (token) => void ask('', token, true),
    view: () => NOBODY,
  };
}
