import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  generateKey,
  keyIdOf,
  publicKeyOf,
  type RoleName,
  type Root,
  roleNames,
  rootJson,
  type SignedDocument,
  unsigned,
  withSignature,
} from '#shared/bundle/index.ts';
import { makeDataFolder } from '#shared/data-folder.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';

/**
 * The collector's own keys, plain in its data folder: whoever takes the collector over has them. They count as long as
 * the root that is trusted says so.
 */
export type OnlineKeys = Readonly<Record<RoleName, KeyObject>>;

/** Ten years: nobody looks after the root of an installation that never heard of keys. */
const rootLifeUs = 10 * 365 * 86_400_000_000;

/** Opens the keys in a folder, making those that are missing. Throws `key.*`, `data.unreadable`. */
export async function openOnlineKeys(folder: string): Promise<OnlineKeys> {
  makeDataFolder(folder);
  const keys = await Promise.all(
    roleNames.map(async (role) => {
      const path = join(folder, `${role}.key`);
      if (!existsSync(path)) writeKeyFile(path, generateKey(), nameOf(role), null);
      const { key } = await readKeyFile(path, () => '');
      return [role, key] as const;
    }),
  );
  return Object.fromEntries(keys) as Record<RoleName, KeyObject>;
}

function nameOf(role: RoleName): string {
  return `collector ${role}`;
}

/** The first root: each role has the collector's key for it. */
export function firstRoot(keys: OnlineKeys, now: number): SignedDocument {
  const entries = roleNames.map((role) => {
    const publicKey = publicKeyOf(keys[role]);
    return [role, keyIdOf(publicKey), { publicKey, name: nameOf(role), isOnline: true }] as const;
  });
  const root: Root = {
    version: 1,
    expiresAt: now + rootLifeUs,
    keys: Object.fromEntries(entries.map(([, id, key]) => [id, key])),
    roles: Object.fromEntries(
      entries.map(([role, id]) => [role, { keyIds: [id], threshold: 1 }]),
    ) as unknown as Root['roles'],
  };
  return withSignature(unsigned(rootJson(root)), 'root', keys.root);
}

/** Whether the root gives the collector's own key the role. */
export function isGiven(root: Root, role: RoleName, keys: OnlineKeys): boolean {
  return root.roles[role].keyIds.includes(keyIdOf(publicKeyOf(keys[role])));
}

/** Whether the collector's own key is enough for the role. */
export function isEnough(root: Root, role: RoleName, keys: OnlineKeys): boolean {
  return root.roles[role].threshold === 1 && isGiven(root, role, keys);
}
