/** A root of five keys, and bundles under it: two of three to sign, one for the statement, two for the root. */
import type { KeyObject } from 'node:crypto';
import {
  type Bundle,
  type BundleFacts,
  buildBundle,
  digestOf,
  encodeBundle,
  generateKey,
  keyIdOf,
  publicKeyOf,
  type Role,
  type RoleName,
  type Root,
  rootJson,
  type SignedDocument,
  type Statement,
  statementJson,
  type Trust,
  trustIn,
  unsigned,
  withSignature,
} from '#shared/bundle/index.ts';

/** Microseconds. */
export const now = 1_800_000_000_000_000;
export const day = 86_400_000_000;

export const keyNames = ['root1', 'root2', 'sign1', 'sign2', 'sign3', 'expiry1'] as const;
export type Keys = Readonly<Record<string, KeyObject>>;

export const keys: Keys = Object.fromEntries(
  [...keyNames, 'stranger', 'root3', 'sign4', 'sign5', 'expiry2'].map((name) => [name, generateKey()]),
);

export const idOf = (name: string) => keyIdOf(publicKeyOf(keys[name]!));

export function role(names: readonly string[], threshold: number): Role {
  return { keyIds: names.map(idOf).sort(), threshold };
}

export function rootOfKeys(
  version: number,
  roles: Readonly<Record<RoleName, Role>>,
  expiresAt = now + 365 * day,
): Root {
  const used = new Set(Object.values(roles).flatMap(({ keyIds }) => keyIds));
  const entries = Object.entries(keys)
    .filter(([name]) => used.has(idOf(name)))
    .map(([name, key]) => [idOf(name), { publicKey: publicKeyOf(key), name, isOnline: false }]);
  return { version, expiresAt, keys: Object.fromEntries(entries), roles };
}

export const firstRoles = {
  root: role(['root1', 'root2'], 2),
  signing: role(['sign1', 'sign2', 'sign3'], 2),
  expiry: role(['expiry1'], 1),
};

export function signed(document: SignedDocument, as: RoleName, names: readonly string[]): SignedDocument {
  return names.reduce((before, name) => withSignature(before, as, keys[name]!), document);
}

export function signedRoot(root: Root, names: readonly string[]): SignedDocument {
  return signed(unsigned(rootJson(root)), 'root', names);
}

export const root1 = signedRoot(rootOfKeys(1, firstRoles), ['root1', 'root2']);
export const trust: Trust = trustIn(root1);

export const texts: Readonly<Record<string, string>> = {
  'lists/admins.txt': 'root\n',
  'rules/a.yml': 'title: A\n',
  'rules/deep/b.yml': 'title: B\n',
  'settings/sensors.json': '{}',
};

export function filesOf(from: Readonly<Record<string, string>>): Map<string, Uint8Array> {
  return new Map(Object.entries(from).map(([path, text]) => [path, Buffer.from(text)]));
}

export const facts: BundleFacts = {
  name: 'fleet',
  version: 3,
  expiresAt: now + 90 * day,
  minAgentVersion: '0.1.0',
  untested: [],
  tests: [],
};

export interface Made {
  readonly texts: Readonly<Record<string, string>>;
  readonly facts: Partial<BundleFacts>;
  readonly roots: readonly SignedDocument[];
  readonly signers: readonly string[];
  readonly statement: Partial<Statement>;
  readonly expiry: readonly string[];
}

/** A bundle that is sound but for what is given. */
export function bundleOf(made: Partial<Made> = {}): Bundle {
  const built = buildBundle(filesOf(made.texts ?? texts), { ...facts, ...made.facts }, made.roots ?? [root1]);
  const manifest = signed(built.manifest, 'signing', made.signers ?? ['sign1', 'sign2']);
  const said: Statement = {
    version: 10,
    bundleVersion: made.facts?.version ?? facts.version,
    digest: digestOf(built),
    expiresAt: now + 7 * day,
    rollbackFrom: 0,
    ...made.statement,
  };
  const statement = signed(unsigned(statementJson(said)), 'expiry', made.expiry ?? ['expiry1']);
  return { ...built, manifest, statement };
}

export function bytesOf(made: Partial<Made> = {}): Uint8Array {
  return encodeBundle(bundleOf(made));
}
