/** A change that somebody made, for the audit log. Secrets never are part of it. */
export interface AuditEntry {
  /** Microseconds since the epoch. */
  readonly at: number;
  /** Name of a credential, `host:ID` for an agent, `collector` for the collector itself. */
  readonly actor: string;
  /** What was done, e.g. `host.revoked`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number>>;
}

export type Audit = (entry: AuditEntry) => Promise<void>;
