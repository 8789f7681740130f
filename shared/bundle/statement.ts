/**
 * The statement: "this bundle is the one to run, until then", signed by the expiry role for a short time. A bundle
 * without one that is fresh is not taken, so that an old one can not be passed off as the newest.
 */
import { type JsonObject, readCanonical } from './canonical.ts';
import { demandFormat } from './format.ts';
import { textOf, wholeOf } from './members.ts';

export interface Statement {
  /** From 1; a later statement has a higher one. */
  readonly version: number;
  readonly bundleVersion: number;
  /** SHA-256 of the manifest, hex. */
  readonly digest: string;
  /** Microseconds. */
  readonly expiresAt: number;
  /**
   * Makes it a decision to go back: whoever runs a bundle of up to this version takes this one although it is older.
   * 0 where it is none.
   */
  readonly rollbackFrom: number;
}

export function statementJson(statement: Statement): JsonObject {
  const { version, bundleVersion, digest, expiresAt, rollbackFrom } = statement;
  return { type: 'statement', format: 1, version, bundleVersion, digest, expiresAt, rollbackFrom };
}

/** Throws `bundle.malformed`, `bundle.format_newer`. */
export function readStatement(text: string): Statement {
  const from = readCanonical(text, 'The statement');
  demandFormat(from, 'statement');
  return {
    version: wholeOf(from, 'version', 1),
    bundleVersion: wholeOf(from, 'bundleVersion', 1),
    digest: textOf(from, 'digest', /^[0-9a-f]{64}$/),
    expiresAt: wholeOf(from, 'expiresAt', 0),
    rollbackFrom: wholeOf(from, 'rollbackFrom', 0),
  };
}
