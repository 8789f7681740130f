/** The root: which keys may sign what, and how many of them must. */
import { bundleBounds } from './bounds.ts';
import { type JsonObject, malformed, readCanonical } from './canonical.ts';
import { demandFormat } from './format.ts';
import { keyIdOf, keyIdPattern, publicKeyPattern, type RoleName, roleNames } from './key.ts';
import { asObject, growing, objectOf, textOf, textsOf, wholeOf } from './members.ts';

export interface RootKey {
  /** Hex of 32 bytes. */
  readonly publicKey: string;
  /** For people. */
  readonly name: string;
  /** The private half lies on a collector, so whoever takes that over has it. */
  readonly isOnline: boolean;
}

export interface Role {
  /** In order, each once. */
  readonly keyIds: readonly string[];
  /** How many of them must sign. */
  readonly threshold: number;
}

export interface Root {
  /** From 1, one more with each change. */
  readonly version: number;
  /** Microseconds. */
  readonly expiresAt: number;
  readonly keys: Readonly<Record<string, RootKey>>;
  readonly roles: Readonly<Record<RoleName, Role>>;
}

export function rootJson({ version, expiresAt, keys, roles }: Root): JsonObject {
  const entries = Object.entries(keys).map(([id, { publicKey, name, isOnline }]) => [
    id,
    { publicKey, name, isOnline },
  ]);
  const roleOf = ({ keyIds, threshold }: Role) => ({ keyIds: [...keyIds].sort(), threshold });
  return {
    type: 'root',
    format: 1,
    ...{ version, expiresAt },
    keys: Object.fromEntries(entries),
    roles: Object.fromEntries(roleNames.map((name) => [name, roleOf(roles[name])])),
  };
}

/** Throws `bundle.malformed`, `bundle.format_newer`. */
export function readRoot(text: string): Root {
  const from = readCanonical(text, 'The root');
  demandFormat(from, 'root');
  const keys = readKeys(objectOf(from, 'keys'));
  const roles = objectOf(from, 'roles');
  const read = (name: RoleName) => readRole(objectOf(roles, name), keys, name);
  return {
    version: wholeOf(from, 'version', 1),
    expiresAt: wholeOf(from, 'expiresAt', 0),
    keys,
    roles: { root: read('root'), signing: read('signing'), expiry: read('expiry') },
  };
}

function readKeys(from: JsonObject): Record<string, RootKey> {
  const ids = Object.keys(from);
  if (ids.length > bundleBounds.keys) throw malformed(`The root has more than ${bundleBounds.keys} keys.`);
  const keys = ids.map((id): readonly [string, RootKey] => {
    const one = asObject(from[id], 'a key');
    const publicKey = textOf(one, 'publicKey', publicKeyPattern);
    if (!keyIdPattern.test(id) || keyIdOf(publicKey) !== id)
      throw malformed(`Key ${id.slice(0, 12)} is not named by its hash.`);
    return [
      id,
      { publicKey, name: textOf(one, 'name', /^[^\p{C}]{0,64}$/u), isOnline: one['isOnline'] === true },
    ];
  });
  return Object.fromEntries(keys);
}

function readRole(from: JsonObject, keys: Readonly<Record<string, RootKey>>, name: RoleName): Role {
  const keyIds = textsOf(from, 'keyIds', bundleBounds.keys);
  growing(keyIds, `Keys of the role ${name}`);
  const missing = keyIds.find((id) => !Object.hasOwn(keys, id));
  if (missing !== undefined) throw malformed(`The role ${name} names a key that the root does not have.`);
  const threshold = wholeOf(from, 'threshold', 1);
  if (threshold > keyIds.length) throw malformed(`The role ${name} asks for more keys than it has.`);
  return { keyIds, threshold };
}
