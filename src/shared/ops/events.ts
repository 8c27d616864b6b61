import { z } from 'zod';
import { alertEventData } from '../alerts/events';
import { changed } from '../audit/before';
import { auditEventData } from '../audit/events';
import { bridgeEventData } from '../bridges/events';
import { incidentEventData } from '../incidents/events';
import { lineageEventData } from '../lineage/runEvent';
import type { LogEvent } from '../log/event';
import { modelEventData } from '../models/events';
import { monitorEventData } from '../monitor/events';
import { notifyEventData } from '../notify/events';
import { originSchema, scopeSchema } from '../protocol/commands';
import {
  deadManActionSchema,
  environmentSchema,
  faultSchema,
  opItemSchema,
} from '../protocol/engine';
import { reportEventData } from '../reports/events';
import { retentionEventData } from '../retention/events';
import { modeSchema, positionSchema, workingOrderSchema } from '../telemetry/types';
import { tradeEventData } from '../trades/events';
import { saidSchema } from '../words/schema';

/** Types of the log's events and the shape of `data` for each. Facts, in the past tense. */

const id = z.string().min(1).max(128);
const ts = z.number();

/** The policy files of `resources/policy`. */
export const policyNameSchema = z.enum([
  'operations',
  'models',
  'monitor',
  'incidents',
  'reports',
  'playbooks',
  'calendar',
  'notifications',
]);
export type PolicyName = z.infer<typeof policyNameSchema>;

/** An engine as the gateway saw it when a kill was asked for. Null figures were not known. */
export const killTargetSchema = z.object({
  engine: id,
  connected: z.boolean(),
  positions: z.int().nonnegative().nullable(),
  workingOrders: z.int().nonnegative().nullable(),
  /** Sum of the positions' notionals by currency. */
  notional: z.record(z.string(), z.number()).nullable(),
});
export type KillTarget = z.infer<typeof killTargetSchema>;

export const killStepSchema = z.enum(['block', 'cancel', 'flatten']);
export type KillStep = z.infer<typeof killStepSchema>;

/** The gateway of several; absent where there is one. */
const nodeSchema = id.optional();
/** The token of the lease under which it owns engines; absent where there is one gateway, and in older logs. */
const leaseSchema = z.int().positive().optional();

export const eventData = {
  'log.opened': z.object({
    epoch: id,
    gatewayId: id,
    publicKey: z.string(),
    environment: environmentSchema,
  }),
  'gateway.started': z.object({
    version: z.string(),
    runtime: z.string(),
    environment: environmentSchema,
    node: nodeSchema,
    lease: leaseSchema,
  }),
  'gateway.stopped': z.object({ cause: z.string(), node: nodeSchema }),
  /** One of several gateways showed no life for longer than its lease. */
  'gateway.lost': z.object({ node: id, cause: z.string() }),
  /** Which of several gateways does what only one may do; a fact of one with a lower token is void. */
  'gateway.acting': z.object({ node: id, token: z.int().positive() }),
  'policy.loaded': z.object({
    name: policyNameSchema.default('operations'),
    version: z.string(),
    /** SHA-256 of the file's text. */
    hash: z.string(),
    document: z.unknown(),
    ...changed,
  }),
  /** A policy was changed by a person and holds instead of its file. */
  'policy.changed': z.object({
    name: policyNameSchema,
    version: z.string(),
    document: z.unknown(),
    ...changed,
  }),
  'session.opened': z.object({ terminal: id, name: z.string(), version: z.string() }),
  'session.closed': z.object({ terminal: id, cause: z.string() }),
  'auth.failed': z.object({ channel: z.string(), remote: z.string(), count: z.int().positive() }),
  'engine.registered': z.object({
    engine: id,
    name: z.string(),
    kind: z.string(),
    environment: environmentSchema,
    instruments: z.array(z.string()),
    software: z.string(),
  }),
  'engine.connected': z.object({
    engine: id,
    session: id,
    reportedMode: modeSchema,
    appliedMode: modeSchema,
    selfPausedAt: ts.nullable(),
    clockOffsetMs: z.number(),
    node: nodeSchema,
    lease: leaseSchema,
  }),
  'engine.lost': z.object({
    engine: id,
    cause: z.string(),
    said: saidSchema,
    lastHeardAt: ts,
    /** Positions it last said it held; null where it never said. */
    positions: z.int().nonnegative().nullable().default(null),
  }),
  'engine.self_paused': z.object({
    engine: id,
    at: ts,
    silentMs: z.number(),
    action: deadManActionSchema.default('pause'),
  }),
  /** Somebody changed an engine's mode by another way than this gateway; the actor is who did. */
  'engine.outside_change': z.object({
    engine: id,
    mode: modeSchema,
    by: z.string().max(128),
    reason: z.string().nullable(),
    at: ts,
  }),
  'engine.mode_applied': z.object({
    engine: id,
    mode: modeSchema,
    outcome: z.enum(['done', 'rejected', 'unknown']),
    detail: z.string().optional(),
  }),
  'engine.fault_set': z.object({ engine: id, fault: faultSchema }),
  'kill.requested': z.object({
    scope: scopeSchema,
    closePositions: z.boolean(),
    notifyTeam: z.boolean(),
    origin: originSchema,
    targets: z.array(killTargetSchema),
    /** How long after the operator's press it was recorded, by the gateway's clock, in ms. */
    ageMs: z.number().nullable(),
    /** A rehearsal on paper engines: it never touches a live one. */
    drill: z.boolean().default(false),
  }),
  /** An engine's answer to one step, item by item. */
  'kill.step_settled': z.object({
    engine: id,
    step: killStepSchema,
    round: z.int().positive(),
    opId: z.string().min(1).max(512),
    items: z.array(opItemSchema),
  }),
  /** What an engine says it holds, asked for by this chain. */
  'kill.read_back': z.object({
    engine: id,
    round: z.int().positive(),
    asOf: ts,
    positions: z.array(positionSchema),
    workingOrders: z.array(workingOrderSchema),
    telemetrySeq: z.int().nonnegative(),
    /** True once the chain is to sweep again: what is left will not close by itself. */
    sweepAgain: z.boolean(),
  }),
  /** News from an engine that was flat, or after a step: something is open there. */
  'kill.reopened': z.object({ engine: id, cause: z.string() }),
  /** Every connected engine of the kill has acknowledged the block. */
  'kill.halted': z.object({ engines: z.array(id) }),
  /** Every engine of the kill was read back empty twice. */
  'kill.flat': z.object({ engines: z.array(id) }),
  'ops.paused': z.object({ scope: scopeSchema, origin: originSchema }),
  'ops.resume_requested': z.object({ scope: scopeSchema, origin: originSchema, expiresAt: ts }),
  'ops.resume_withdrawn': z.object({
    request: id,
    cause: z.enum(['withdrawn', 'expired', 'superseded']),
  }),
  'ops.resumed': z.object({
    scope: scopeSchema,
    to: modeSchema,
    /** Ids of those who asked and approved, in order. */
    approvedBy: z.array(id),
    /** Why it had been stopped, and whether every engine was flat when it was resumed. */
    stoppedBecause: z.string().nullable(),
    flat: z.boolean(),
    ...changed,
  }),
  'command.rejected': z.object({
    name: z.string(),
    code: z.string(),
    message: z.string(),
    said: saidSchema,
  }),
  'terminal.reported': z.object({ kind: z.string(), detail: z.string() }),
  ...auditEventData,
  ...bridgeEventData,
  ...modelEventData,
  ...monitorEventData,
  ...alertEventData,
  ...incidentEventData,
  ...lineageEventData,
  ...notifyEventData,
  ...reportEventData,
  ...retentionEventData,
  ...tradeEventData,
} as const;
export type EventType = keyof typeof eventData;
export type EventDataOf<Type extends EventType> = z.output<(typeof eventData)[Type]>;

/** A known event with its data parsed. */
export type DomainEvent = {
  [Type in EventType]: Omit<LogEvent, 'type' | 'data'> & {
    readonly type: Type;
    readonly data: EventDataOf<Type>;
  };
}[EventType];
/** Those of some types. */
export type EventOf<Type extends EventType> = Extract<DomainEvent, { type: Type }>;

/**
 * Reads an event's data by its type.
 *
 * @returns null for a type this version does not know or data that does not fit: the log keeps such
 * an event and its hash counts, but no fold acts on it.
 */
export function toDomainEvent(event: LogEvent): DomainEvent | null {
  if (!Object.hasOwn(eventData, event.type)) return null;
  const parsed = eventData[event.type as EventType].safeParse(event.data);
  if (!parsed.success) return null;
  return { ...event, data: parsed.data } as DomainEvent;
}
