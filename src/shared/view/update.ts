/** Versions of this program: what the desk's server has, and how far taking it has come. */
export interface UpdatesView {
  /** What the desk has not set here, so that nothing is looked for; null when nothing is missing. */
  readonly missing: 'server' | 'key' | null;
  readonly server: string;
  readonly stage: UpdateStage;
  /** The version that ran here before, if its package is kept. */
  readonly former: FormerVersion | null;
}

export interface FormerVersion {
  readonly version: string;
  /** Whether it can read the mirror as it is now; null where that is not known. */
  readonly readsMirror: boolean | null;
}

export type UpdateStage =
  | { readonly kind: 'idle' }
  | { readonly kind: 'checking' }
  /** The server has nothing newer. */
  | { readonly kind: 'current' }
  /** A newer version, its manifest's signature checked; nothing of it has been fetched. */
  | { readonly kind: 'available'; readonly version: string }
  | { readonly kind: 'preparing'; readonly version: string; readonly percent: number }
  /** Here, checked, and kept; installed only when somebody says so. */
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'failed'; readonly problem: UpdateProblem; readonly detail: string };

export type UpdateProblem =
  /** The server does not answer, or has not got what it should. */
  | 'unreachable'
  | 'bad_signature'
  | 'bad_manifest'
  /** The package is not the one that the manifest describes. */
  | 'altered'
  /** This copy of the program was not installed by a package that can be exchanged. */
  | 'not_updatable'
  /** The manifest asks for a newer system than this. */
  | 'old_system'
  /** The disk or the system refused. */
  | 'system'
  /** The version was handed to the system and did not take this one's place. */
  | 'not_installed';
