/** Whose token this terminal uses, and where it is kept. */
export interface IdentityView {
  /** `embedded`: a gateway of its own, made for this run; `config`: named by the start-up file. */
  readonly source: 'embedded' | 'config' | 'stored' | 'session' | 'none';
  /** What the system encrypts secrets with, by its own name; null before it was asked. */
  readonly backend: string | null;
  /** That backend keeps secrets as plain text. */
  readonly plain: boolean;
  /** Why a stored token could not be read: it has to be entered anew. */
  readonly problem: string | null;
}

export interface LockView {
  readonly pinSet: boolean;
  /** While locked nothing but a kill is taken. */
  readonly locked: boolean;
  readonly since: number | null;
  readonly lastUnlockedBy: string | null;
  readonly lastUnlockedAt: number | null;
  /** After wrong PINs the next is not looked at before this instant. */
  readonly waitUntil: number | null;
}

/** A gateway's certificate as this terminal knows it. */
export interface CertificateView {
  readonly address: string;
  /** `asking`: seen for the first time; `changed`: not the one that was confirmed. */
  readonly state: 'asking' | 'confirmed' | 'changed' | 'unreachable';
  /** SHA-256 of the certificate, colon-separated pairs of hex digits; what is there now. */
  readonly fingerprint: string | null;
  /** What was confirmed. */
  readonly confirmed: string | null;
  readonly subject: string | null;
  readonly validTo: string | null;
}
