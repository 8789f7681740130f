import { VedetteError } from '#shared/errors.ts';
import { malformed } from './canonical.ts';
import { demandThreshold, type SignedDocument } from './document.ts';
import { type Role, type Root, readRoot } from './root.ts';
import { rootOf, type Trust } from './trust.ts';

/**
 * Trust after the roots of a bundle were followed from the one that is trusted to the last: each is one version on,
 * signed by as many keys as it asks itself and as many as the one before asks. A version seen before is forgotten where
 * so many keys of its role were withdrawn that nothing of before can be signed any more: that is how one recovers
 * from a stolen key that signed the highest version there is.
 * Throws `bundle.root_unknown`, `bundle.root_older`, `bundle.root_rotation`, `bundle.root_expired`, `bundle.signature`.
 */
export function followRoots(trust: Trust, documents: readonly SignedDocument[], now: number): Trust {
  const trusted = rootOf(trust);
  const roots = documents.map(({ signed }) => readRoot(signed));
  const at = anchorOf(trusted, trust.root, roots, documents);
  roots.forEach((root, i) => {
    demandThreshold(documents[i]!, 'root', root, `Root ${root.version}`, 'bundle.root_rotation');
    const before = i > 0 ? roots[i - 1]! : at === 0 ? trusted : undefined;
    if (before === undefined) return;
    demandThreshold(documents[i]!, 'root', before, `Root ${root.version}`, 'bundle.root_rotation');
  });
  const newest = roots.at(-1)!;
  if (newest.expiresAt <= now)
    throw new VedetteError('bundle.root_expired', `Root ${newest.version} ended ${iso(newest.expiresAt)}.`);
  let followed: Trust = { ...trust, root: documents.at(-1)! };
  let before = trusted;
  for (const root of roots.slice(at)) {
    if (isReplaced(before.roles.signing, root.roles.signing))
      followed = { ...followed, bundleVersion: 0, bundleDigest: '' };
    if (isReplaced(before.roles.expiry, root.roles.expiry))
      followed = { ...followed, statementVersion: 0, statementDigest: '' };
    before = root;
  }
  return followed;
}

/** Where the roots begin that come after the trusted one. */
function anchorOf(
  trusted: Root,
  document: SignedDocument,
  roots: readonly Root[],
  documents: readonly SignedDocument[],
): number {
  const first = roots[0];
  if (first === undefined) throw new VedetteError('bundle.root_unknown', 'The bundle names no root.');
  for (let i = 1; i < roots.length; i++)
    if (roots[i]!.version !== roots[i - 1]!.version + 1)
      throw malformed('The versions of the roots do not follow one another.');
  const newest = roots.at(-1)!;
  if (newest.version < trusted.version)
    throw new VedetteError(
      'bundle.root_older',
      `Its root is ${newest.version}; root ${trusted.version} is trusted.`,
    );
  const at = trusted.version + 1 - first.version;
  const isOurs = at > 0 ? documents[at - 1]!.signed === document.signed : at === 0;
  if (isOurs) return at;
  const detail = `Its roots ${first.version} to ${newest.version} do not lead from root ${trusted.version} that is trusted here.`;
  throw new VedetteError('bundle.root_unknown', detail);
}

/** Whether nothing that keys of before signed is enough now. */
function isReplaced(before: Role, after: Role): boolean {
  return after.keyIds.filter((id) => before.keyIds.includes(id)).length < after.threshold;
}

export function iso(at: number): string {
  const date = new Date(at / 1000);
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString();
}
