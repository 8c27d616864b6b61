import { isPlainOffMachine } from '@shared/address';
import {
  type BridgeKind,
  bridgeAddressSchema,
  bridgeIdSchema,
  SECRETS,
} from '@shared/bridges/bridge';
import type { BridgeRecord } from '@shared/bridges/state';
import type { DeskView } from '@shared/view/desk';

/** What is typed about a bridge before it is one. */
export interface BridgeForm {
  readonly bridge: string;
  readonly kind: BridgeKind;
  readonly name: string;
  readonly address: string;
  readonly environment: 'live' | 'paper';
  readonly instrument: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly reason: string;
  /** A yes to credentials that travel in plain text. */
  readonly plainAccepted: boolean;
}

export function formOf(record: BridgeRecord | null): BridgeForm {
  const option = (name: string) => record?.options[name];
  return {
    bridge: record?.id ?? '',
    kind: record?.kind ?? 'inference-api',
    name: record?.name ?? '',
    address: record?.address ?? '',
    environment: option('environment') === 'paper' ? 'paper' : 'live',
    instrument: String(option('instrument') ?? 'USD/COP'),
    secrets: {},
    reason: '',
    plainAccepted: false,
  };
}

export function isId(form: BridgeForm): boolean {
  return bridgeIdSchema.safeParse(form.bridge).success;
}

export function isAddress(form: Pick<BridgeForm, 'address'>): boolean {
  return bridgeAddressSchema.safeParse(form.address.trim()).success;
}

/** Whether credentials for that address would travel in plain text to another machine. */
export function isPlain({ address }: Pick<BridgeForm, 'address'>): boolean {
  return isAddress({ address }) && isPlainOffMachine(address.trim());
}

/** An address that is one, and has TLS or a yes to going without. */
export function isTaken(form: Pick<BridgeForm, 'address' | 'plainAccepted'>): boolean {
  return isAddress(form) && (form.plainAccepted || !isPlain(form));
}

export function mayTest(form: BridgeForm): boolean {
  return form.kind !== 'generic' && isTaken(form);
}

export function maySave(form: BridgeForm): boolean {
  const reachable = form.kind === 'generic' || isTaken(form);
  return reachable && isId(form) && form.name.trim() !== '' && form.reason.trim() !== '';
}

/** Only what was typed is sent: what is left empty stays as it is kept. */
export function typedSecrets({ kind, secrets }: BridgeForm): Record<string, string> {
  return Object.fromEntries(
    SECRETS[kind].flatMap((name) => (secrets[name] ? [[name, secrets[name] as string]] : [])),
  );
}

/** Options by kind; the rest come from the service itself. */
export function optionsOf(form: BridgeForm, record: BridgeRecord | null) {
  const before = record?.kind === form.kind ? record.options : {};
  if (form.kind !== 'inference-api') return { ...before };
  const { environment, instrument } = form;
  return {
    ...before,
    environment,
    ...(instrument.trim() ? { instrument: instrument.trim() } : {}),
  };
}

export type BridgeCondition = 'connected' | 'running' | 'failed' | 'waiting' | 'alone';

/** How a bridge stands: its engine's link counts, not its process. */
export function conditionOf(view: DeskView, { id, kind, state }: BridgeRecord): BridgeCondition {
  if (view.ops.engines[id]?.connected) return 'connected';
  if (kind === 'generic') return 'alone';
  return state ?? 'waiting';
}
