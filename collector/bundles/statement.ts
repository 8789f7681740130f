import {
  type Bundle,
  digestOf,
  readManifest,
  type SignedDocument,
  statementJson,
  type Trust,
  unsigned,
} from '#shared/bundle/index.ts';

export interface StatementOrder {
  /** Whoever runs a bundle of up to this version is to go back to this one; 0 where nobody is. */
  readonly rollbackFrom: number;
  readonly lifeMs: number;
  /** Microseconds. */
  readonly now: number;
}

/**
 * A new statement about a bundle, not signed yet. Its version is the time in milliseconds, where that is higher than
 * the one before: so statements made here and elsewhere, or after an older database was restored, still follow one
 * another.
 */
export function newStatement(bundle: Bundle, trust: Trust, order: StatementOrder): SignedDocument {
  const { rollbackFrom, lifeMs, now } = order;
  return unsigned(
    statementJson({
      version: Math.max(trust.statementVersion + 1, Math.floor(now / 1000)),
      bundleVersion: readManifest(bundle.manifest.signed).version,
      digest: digestOf(bundle),
      expiresAt: now + lifeMs * 1000,
      rollbackFrom,
    }),
  );
}
