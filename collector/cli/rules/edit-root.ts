/** Changes to a root before it is signed. */
import {
  keyIdOf,
  type Role,
  type RoleName,
  type Root,
  type RootKey,
  readRoot,
  roleNames,
  rootJson,
  type SignedDocument,
  unsigned,
} from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import { readPublicKeyFile } from '../../bundles/key-file.ts';

/** `ROLE=VALUE`. */
export interface Assignment {
  readonly role: RoleName;
  readonly value: string;
}

const noKeys: Role = { keyIds: [], threshold: 0 };

/** A root of that version without keys, which can not be signed yet. `expiresAt` in microseconds. */
export function emptyRoot(version: number, expiresAt: number): Root {
  return { version, expiresAt, keys: {}, roles: { root: noKeys, signing: noKeys, expiry: noKeys } };
}

/** With the key of the file named in the role. Throws `key.unreadable`, `data.unreadable`. */
export function withKey(root: Root, { role, value }: Assignment): Root {
  const { publicKey, name } = readPublicKeyFile(value);
  const id = keyIdOf(publicKey);
  const key: RootKey = root.keys[id] ?? { publicKey, name, isOnline: false };
  const { keyIds, threshold } = root.roles[role];
  const changed = { keyIds: [...new Set([...keyIds, id])].sort(), threshold: Math.max(1, threshold) };
  return { ...root, keys: { ...root.keys, [id]: key }, roles: { ...root.roles, [role]: changed } };
}

/** Without the key of that name, or whose id begins so, in the role. Throws `usage.invalid` unless it is one. */
export function withoutKey(root: Root, { role, value }: Assignment): Root {
  const before = root.roles[role];
  const gone = before.keyIds.filter((id) => id.startsWith(value) || root.keys[id]?.name === value);
  if (gone.length !== 1)
    throw new VedetteError('usage.invalid', `${gone.length} keys of the role ${role} are called ${value}.`);
  const keyIds = before.keyIds.filter((id) => id !== gone[0]);
  const roles = { ...root.roles, [role]: { ...before, keyIds } };
  const used = new Set(Object.values(roles).flatMap((one) => one.keyIds));
  const keys = Object.entries(root.keys).filter(([id]) => used.has(id));
  return { ...root, roles, keys: Object.fromEntries(keys) };
}

export function withThreshold(root: Root, { role, value }: Assignment): Root {
  if (!/^[1-9]\d?$/.test(value)) throw new VedetteError('usage.invalid', `${value} is no threshold.`);
  const changed = { ...root.roles[role], threshold: Number(value) };
  return { ...root, roles: { ...root.roles, [role]: changed } };
}

/** The document of a root, to be signed. Throws `usage.invalid` where a role has too few keys. */
export function rootDocument(root: Root): SignedDocument {
  for (const name of roleNames) {
    const { keyIds, threshold } = root.roles[name];
    if (keyIds.length > 0 && threshold <= keyIds.length) continue;
    const detail = `The role ${name} has ${keyIds.length} keys and asks for ${Math.max(1, threshold)}.`;
    throw new VedetteError('usage.invalid', detail);
  }
  const document = unsigned(rootJson(root));
  readRoot(document.signed);
  return document;
}
