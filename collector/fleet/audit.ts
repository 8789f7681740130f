import type { NewAuditEntry } from '../store/contract.ts';

/** Keeps a change that somebody made in the audit log. Secrets never are part of it. */
export type Audit = (entry: NewAuditEntry) => Promise<void>;
