import type { BundleList, RootStatus } from '../../bundles/contract.ts';
import type { BundleInForce, StoredBundle } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, text } from '../schema.ts';

const digest = {
  type: 'string',
  description: 'SHA-256 of the manifest, which has the hash of every file.',
} as const;

export const inForceSchema = nullable(
  object({ version: count, digest, at: { ...instant, description: 'When detection took it up.' } }),
);

const facts = {
  version: count,
  digest,
  name: text,
  expiresAt: instant,
  minAgentVersion: text,
  untested: { ...count, description: 'Files of rules that were signed without tests.' },
  files: count,
  sizeBytes: count,
  addedAt: instant,
  addedBy: text,
} as const;
const listedSchema = object(facts);
export const bundleSchema = object({ ...facts, untestedFiles: array(text) });
export type BundleJson = FromSchema<typeof bundleSchema>;
export type ListedBundleJson = FromSchema<typeof listedSchema>;

const switchSchema = object({
  version: count,
  digest,
  at: instant,
  by: text,
  reason: text,
  cursor: { ...count, description: 'The last stored batch that the rules before were run over.' },
});

export const bundleListSchema = object({
  items: array(listedSchema),
  inForce: inForceSchema,
  switches: array(switchSchema, 'When which was put in force, newest first.'),
  refusedWith: {
    type: ['string', 'null'],
    description:
      'Code with which agents refuse the bundle in force, e.g. because it, or a key that signed it, is past its time.',
  },
});
export type BundleListJson = FromSchema<typeof bundleListSchema>;

const roleSchema = object({ name: text, threshold: count, keyIds: array(text) });
const keySchema = object({
  keyId: text,
  name: text,
  publicKey: text,
  isOnline: { type: 'boolean', description: 'It lies on a collector.' },
});

export const rootSchema = object({
  version: count,
  expiresAt: instant,
  roles: array(roleSchema),
  keys: array(keySchema),
  online: array(text, "Roles in which the collector's own key counts."),
  document: { type: 'string', description: 'The signed root, as `vedette rules root` takes it.' },
});
export type RootJson = FromSchema<typeof rootSchema>;

export function inForceJson(bundle: BundleInForce | null): FromSchema<typeof inForceSchema> {
  return bundle === null ? null : { version: bundle.version, digest: bundle.digest, at: toIso(bundle.at) };
}

function listedJson({ untested, ...bundle }: StoredBundle): ListedBundleJson {
  const { expiresAt, addedAt } = bundle;
  return { ...bundle, untested: untested.length, expiresAt: toIso(expiresAt), addedAt: toIso(addedAt) };
}

export function bundleJson(bundle: StoredBundle): BundleJson {
  return { ...listedJson(bundle), untestedFiles: [...bundle.untested] };
}

export function bundleListJson({ bundles, inForce, switches, refusedWith }: BundleList): BundleListJson {
  return {
    items: bundles.map(listedJson),
    ...{ inForce: inForceJson(inForce), refusedWith },
    switches: switches.map((one) => ({ ...one, at: toIso(one.at) })),
  };
}

export function rootJsonOf({ root, online, document }: RootStatus): RootJson {
  const { version, expiresAt, roles, keys } = root;
  return {
    ...{ version, expiresAt: toIso(expiresAt), online: [...online] },
    roles: Object.entries(roles).map(([name, { threshold, keyIds }]) => ({ name, threshold, keyIds })),
    keys: Object.entries(keys).map(([keyId, key]) => ({ keyId, ...key })),
    document: Buffer.from(document).toString(),
  };
}
