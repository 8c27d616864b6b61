/** What a look at a service came to. */
export interface ProbeReport {
  readonly ok: boolean;
  /** Why not, in the service's words. */
  readonly message: string;
  readonly found: Readonly<Record<string, string | number | null>>;
}
