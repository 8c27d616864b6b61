import { z } from 'zod';
import { auditCalls, auditEvents } from '../audit/calls';
import { lastResortTestSchema, newLastResortSchema } from '../bridges/lastResort';
import { gatewayAddressSchema, joinedSchema, tokenSchema } from '../connection';
import { lineageCalls } from '../lineage/ipc';
import { channelSettingsSchema } from '../notify/channels';
import { channelSchema, levelSchema } from '../notify/message';
import {
  bridgeCommandSchema,
  channelCommandSchema,
  commandParams,
  incidentCommandSchema,
  modelCommandSchema,
  originSchema,
  resumeChecklistSchema,
  scopeSchema,
} from '../protocol/commands';
import { faultSchema } from '../protocol/engine';
import { periodSchema, reportKindSchema, reportLanguageSchema } from '../reports/events';
import { settingNameSchema, settingsSchema } from '../settings';
import { releaseVersionSchema } from '../update/manifest';

/**
 * The one contract between the windows and the main process: channel → schemas of its argument and
 * its result. No channel name stands anywhere else. Calls answer with `Result<T>`; events carry
 * their payload. `DeskView` is made by the main process and believed by its own windows.
 */

const none = z.undefined();
const id = z.string().min(1).max(128);
/** Text typed by a person; longer ones are refused where they are typed. */
const typed = z.string().max(4_000);

/** A terminal's PIN: digits, as many as a person keeps in mind. */
const pinSchema = z.string().regex(/^\d{4,12}$/, 'four to twelve digits');

const cardFormatSchema = z.enum(['md', 'yaml', 'pdf']);
export type CardFormat = z.infer<typeof cardFormatSchema>;

const postMortemFormatSchema = z.enum(['md', 'pdf']);
export type PostMortemFormat = z.infer<typeof postMortemFormatSchema>;
const reportFormatSchema = z.enum(['html', 'pdf', 'json']);
export type ReportFormat = z.infer<typeof reportFormatSchema>;

export const ipcCalls = {
  ...auditCalls,
  /** The present view, for a window that has just opened. */
  'desk.view': { args: none, result: z.custom<import('../view/desk').DeskView>() },
  'kill.fire': {
    args: z.strictObject({
      scope: scopeSchema,
      reason: typed,
      closePositions: z.boolean(),
      origin: originSchema,
    }),
    result: z.object({ id: z.string() }),
  },
  /** Stops trying to deliver a kill that nothing has acknowledged. */
  'kill.abandon': { args: z.strictObject({ id: z.uuid() }), result: z.null() },
  /** The siren is heard: silences it, changes nothing else. */
  'kill.silence': { args: z.strictObject({ id: z.uuid() }), result: z.null() },
  /** The answer to a kill that was queued when the terminal ended. */
  'kill.pending': { args: z.strictObject({ id: z.uuid(), fire: z.boolean() }), result: z.null() },
  'ops.pause': { args: commandParams.pause, result: z.object({ id: z.string() }) },
  'ops.resume': {
    args: z.strictObject({
      scope: scopeSchema,
      reason: typed,
      confirmation: z.string().max(64),
      checklist: resumeChecklistSchema,
      origin: originSchema,
    }),
    result: z.object({ id: z.string() }),
  },
  'ops.approveResume': {
    args: commandParams['resume.approve'],
    result: z.object({ id: z.string() }),
  },
  'ops.withdrawResume': {
    args: commandParams['resume.withdraw'],
    result: z.object({ id: z.string() }),
  },
  'engine.fault': {
    args: z.strictObject({ engine: id, fault: faultSchema, reason: typed }),
    result: z.object({ id: z.string() }),
  },
  /** Any command about a model. */
  'model.command': { args: modelCommandSchema, result: z.object({ id: z.string() }) },
  /** Any command about an alert, an incident or a drill. */
  'incident.command': { args: incidentCommandSchema, result: z.object({ id: z.string() }) },
  /** A model's card as of the last event that this terminal has. */
  'card.document': {
    args: z.strictObject({ model: id }),
    result: z.custom<import('../models/cardDocument').CardDocument>(),
  },
  /** Takes a model's card and saves it among the user's documents. */
  'card.export': {
    args: z.strictObject({ model: id, format: cardFormatSchema }),
    /** Where it was saved, and the sequence of the log it was taken at. */
    result: z.object({ path: z.string(), seq: z.int().positive() }),
  },
  /** A command about a channel. A secret in it goes to the gateway and never comes back. */
  'channel.command': { args: channelCommandSchema, result: z.object({ id: z.string() }) },
  /** Channels that this terminal uses by itself; the result says what is wrong with them. */
  'ownChannel.set': {
    args: z.strictObject({
      settings: channelSettingsSchema,
      secret: z.string().min(1).max(2_000).nullable(),
    }),
    result: z.object({ fault: z.string().nullable() }),
  },
  'ownChannel.remove': { args: z.strictObject({ channel: channelSchema }), result: z.null() },
  'ownChannel.test': {
    args: z.strictObject({ channel: channelSchema }),
    result: z.custom<import('../notify/view').OwnTest>(),
  },
  /** Any command about a bridge. */
  'bridge.command': { args: bridgeCommandSchema, result: z.object({ id: z.string() }) },
  /** The engines' own services that this terminal can stop without a gateway. */
  'lastResort.view': {
    args: none,
    result: z.custom<import('../bridges/lastResort').LastResortStore>(),
  },
  'lastResort.set': {
    args: z.strictObject({ target: newLastResortSchema, plainAccepted: z.boolean() }),
    result: z.custom<import('../bridges/lastResort').LastResortStore>(),
  },
  'lastResort.remove': {
    args: z.strictObject({ engine: id }),
    result: z.custom<import('../bridges/lastResort').LastResortStore>(),
  },
  /** Looks at a kept one as a kill would reach it; changes nothing. */
  'lastResort.test': { args: z.strictObject({ engine: id }), result: lastResortTestSchema },
  /** A post-mortem as it was saved last, from this terminal's log. */
  'postmortem.text': {
    args: z.strictObject({ incident: id }),
    result: z.object({ markdown: z.string() }),
  },
  /** Renders a post-mortem as it was saved last and saves it among the user's documents. */
  'postmortem.export': {
    args: z.strictObject({ incident: id, format: postMortemFormatSchema }),
    result: z.object({ path: z.string(), seq: z.int().positive() }),
  },
  /** Reports kept at this terminal, newest first. */
  'report.list': {
    args: none,
    result: z.custom<readonly import('../reports/kept').KeptReport[]>(),
  },
  /** Works a report out from the mirror, keeps it, prints it and puts it on the record. */
  'report.make': {
    args: z.strictObject({
      kind: reportKindSchema,
      period: periodSchema,
      language: reportLanguageSchema,
    }),
    result: z.object({ id: z.string(), recorded: z.boolean(), printed: z.boolean() }),
  },
  /** Ends what `report.make`, `report.open` or `report.success` is at. */
  'report.cancel': { args: none, result: z.null() },
  /** A report's figures: as kept, or worked out anew from what the log says it stands on. */
  'report.open': {
    args: z.strictObject({ id: z.uuid(), anew: z.boolean() }),
    result: z.custom<import('../reports/kept').OpenReport>(),
  },
  'report.export': {
    args: z.strictObject({
      id: z.uuid(),
      format: reportFormatSchema,
      language: reportLanguageSchema,
    }),
    result: z.object({ path: z.string() }),
  },
  /** The success metrics over the whole log. */
  'report.success': {
    args: none,
    result: z.custom<import('../reports/kept').SuccessOverLog>(),
  },
  'equity.series': {
    args: none,
    result: z.array(
      z.object({
        engine: z.string(),
        currency: z.string(),
        points: z.custom<import('../view/desk').EquityPoint[]>(),
      }),
    ),
  },
  /** The monitor's figures over the last hour. */
  'monitor.series': {
    args: none,
    result: z.custom<readonly import('../view/monitor').MonitorPoint[]>(),
  },
  /** Takes an operator's token; refused where it would be stored as plain text without a yes to that. */
  'identity.signIn': {
    args: z.strictObject({
      token: tokenSchema,
      remember: z.boolean(),
      plainAccepted: z.boolean(),
    }),
    result: z.null(),
  },
  'identity.signOut': { args: none, result: z.null() },
  /** Looks at the certificate of a gateway that this terminal may be connected to later. */
  'connection.look': {
    args: z.strictObject({ address: gatewayAddressSchema }),
    result: z.object({ address: z.string(), backend: z.string(), plain: z.boolean() }),
  },
  /** Signs in at a gateway; it is this terminal's own from the next start on. */
  'connection.join': {
    args: z.strictObject({
      address: gatewayAddressSchema,
      token: tokenSchema,
      remember: z.boolean(),
      plainAccepted: z.boolean(),
    }),
    result: joinedSchema,
  },
  /** A desk of its own on paper, from the next start on. */
  'connection.paper': { args: none, result: z.null() },
  /** A person compared a gateway's fingerprint and types its last eight digits. */
  'certificate.confirm': {
    args: z.strictObject({ address: z.string().max(512), typed: z.string().max(128) }),
    result: z.null(),
  },
  'lock.setPin': {
    args: z.strictObject({ pin: pinSchema.nullable(), present: z.string().max(32).nullable() }),
    result: z.null(),
  },
  'lock.now': { args: none, result: z.null() },
  'lock.unlock': { args: z.strictObject({ pin: z.string().max(32) }), result: z.null() },
  ...lineageCalls,
  'hotkey.test': { args: z.strictObject({ on: z.boolean() }), result: z.null() },
  'settings.get': { args: none, result: settingsSchema },
  'settings.status': {
    args: none,
    result: z.object({
      /** Options that the desk's own file has fixed for this machine. */
      locked: z.array(settingNameSchema),
      /** Files that could not be read; what they last held is in force. */
      problems: z.array(z.object({ file: z.string(), problem: z.string() })),
    }),
  },
  'settings.set': { args: settingsSchema.partial(), result: settingsSchema },
  /** Looks whether the desk's server has a newer version. */
  'update.check': { args: none, result: z.null() },
  /** Fetches and checks a version that was found, or the kept one that ran before. */
  'update.prepare': { args: z.strictObject({ version: releaseVersionSchema }), result: z.null() },
  /** Installs what was prepared: the program ends. Refused while anything stands against it. */
  'update.install': { args: z.strictObject({ version: releaseVersionSchema }), result: z.null() },
  /** Makes the zip for whoever looks into a fault; `bytes` is its size. */
  'diagnostics.collect': {
    args: none,
    result: z.object({ path: z.string(), bytes: z.int().nonnegative() }),
  },
  'window.openConsole': { args: none, result: z.null() },
  'window.collapsePanel': { args: z.strictObject({ collapsed: z.boolean() }), result: z.null() },
  /** The panel grows while a dialog or a chain is on it; heights in CSS pixels. */
  'window.panelHeight': {
    args: z.strictObject({ height: z.int().min(64).max(1_200) }),
    result: z.null(),
  },
  /** The window has painted its first whole view and takes input. */
  'window.ready': {
    args: z.strictObject({ window: z.enum(['panel', 'console']) }),
    result: z.null(),
  },
  'app.quit': { args: z.strictObject({ confirmed: z.boolean() }), result: z.null() },
  /** Ends the program and starts it again; refused while a kill of this terminal runs. */
  'app.restart': { args: none, result: z.null() },
} as const satisfies Record<string, { args: z.ZodType; result: z.ZodType }>;

export type IpcCall = keyof typeof ipcCalls;
export type IpcArgs<Call extends IpcCall> = z.input<(typeof ipcCalls)[Call]['args']>;
export type IpcResult<Call extends IpcCall> = z.output<(typeof ipcCalls)[Call]['result']>;

export const ipcEvents = {
  ...auditEvents,
  /** A new view of the desk. */
  'desk.changed': z.custom<import('../view/desk').DeskView>(),
  'settings.changed': settingsSchema,
  /** Something was told on this desktop; one window sounds. */
  'notice.shown': z.object({ level: levelSchema }),
  /** Events read for the report that is being made, of so many; null once that is over. */
  'report.progress': z.object({ done: z.int(), of: z.int() }).nullable(),
  /** The hotkey's first press, or the tray, wants the kill dialog open. */
  'kill.dialog': z.object({ origin: originSchema }),
  /** Quitting while trading is live wants a yes. */
  'quit.asked': z.object({ reason: z.enum(['live', 'positions', 'kill_running']) }),
} as const satisfies Record<string, z.ZodType>;
export type IpcEvent = keyof typeof ipcEvents;
export type IpcPayload<Event extends IpcEvent> = z.output<(typeof ipcEvents)[Event]>;

/** What the preload script puts on `window.vigia`. */
export interface VigiaApi {
  call<Call extends IpcCall>(
    channel: Call,
    args: IpcArgs<Call>,
  ): Promise<import('../result').Result<IpcResult<Call>>>;
  on<Event extends IpcEvent>(
    channel: Event,
    listener: (payload: IpcPayload<Event>) => void,
  ): () => void;
}
