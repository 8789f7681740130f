/** What an agent or a collector keeps from one bundle to the next. */
import { VedetteError } from '#shared/errors.ts';
import { canonicalText, type JsonObject, readCanonical } from './canonical.ts';
import { demandThreshold, documentJson, readDocument, type SignedDocument } from './document.ts';
import { demandFormat } from './format.ts';
import { objectOf, textOf, wholeOf } from './members.ts';
import { type Root, readRoot } from './root.ts';

export interface Trust {
  /** The newest root that was trusted. */
  readonly root: SignedDocument;
  /** The bundle that was taken last; 0 and '' while there is none. */
  readonly bundleVersion: number;
  readonly bundleDigest: string;
  /** The statement that was taken last, and the SHA-256 of its text; 0 and '' while there is none. */
  readonly statementVersion: number;
  readonly statementDigest: string;
}

/**
 * Trust in a root that came by a way which is trusted, such as enrolment. Throws `bundle.malformed`,
 * `bundle.format_newer` and, where its own keys did not sign it, `bundle.signature`.
 */
export function trustIn(root: SignedDocument): Trust {
  demandThreshold(root, 'root', readRoot(root.signed), 'The root');
  return { root, bundleVersion: 0, bundleDigest: '', statementVersion: 0, statementDigest: '' };
}

/** The root that is trusted. */
export function rootOf({ root }: Trust): Root {
  return readRoot(root.signed);
}

export function encodeTrust(trust: Trust): Uint8Array {
  const { root, ...seen } = trust;
  const content: JsonObject = { type: 'trust', format: 1, root: documentJson(root), ...seen };
  return Buffer.from(canonicalText(content));
}

/** Throws `data.corrupt`: these bytes were written by ourselves. */
export function decodeTrust(bytes: Uint8Array): Trust {
  try {
    const from = readCanonical(Buffer.from(bytes).toString('utf8'), 'The trust');
    demandFormat(from, 'trust');
    const digest = /^(?:[0-9a-f]{64})?$/;
    return {
      ...trustIn(readDocument(objectOf(from, 'root'), 'the root')),
      bundleVersion: wholeOf(from, 'bundleVersion', 0),
      bundleDigest: textOf(from, 'bundleDigest', digest),
      statementVersion: wholeOf(from, 'statementVersion', 0),
      statementDigest: textOf(from, 'statementDigest', digest),
    };
  } catch (error) {
    if (!(error instanceof VedetteError)) throw error;
    throw new VedetteError('data.corrupt', `What is trusted for bundles: ${error.detail}`, { cause: error });
  }
}
