import { Readable } from 'node:stream';
import { agentVersionPattern, bundleNamePattern, maxBundleBytes } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Built } from '../../bundles/contract.ts';
import { fromIso } from '../instants.ts';
import {
  bundleJson,
  bundleListJson,
  bundleListSchema,
  bundleSchema,
  inForceJson,
  inForceSchema,
  rootJsonOf,
  rootSchema,
} from '../json/bundle.ts';
import { callerOf, operation, Streamed } from '../operation.ts';
import { array, count, type FromSchema, instant, object, text } from '../schema.ts';

/** To compile and test many rules, and for detection to take them up. */
const timeoutMs = 600_000;
const bundleType = 'application/octet-stream';
const usualLifeUs = 90 * 86_400_000_000;

const byVersion = object({ version: { type: 'integer', minimum: 1 } });

const reading = [
  operation({
    method: 'GET',
    path: '/rules/bundles',
    permission: 'read',
    summary: 'The bundles of rules that are kept, which is in force, and when which was',
    output: bundleListSchema,
    handler: async ({ deps }) => bundleListJson(await deps.bundles.list()),
  }),
  operation({
    method: 'GET',
    path: '/rules/bundles/:version',
    permission: 'read',
    summary: 'One bundle of rules',
    params: byVersion,
    output: bundleSchema,
    handler: async ({ deps, params }) => bundleJson(await deps.bundles.get(params.version)),
  }),
  operation({
    method: 'GET',
    path: '/rules/bundles/:version/content',
    permission: 'rules',
    summary: 'The bytes of a bundle, to carry it elsewhere',
    params: byVersion,
    produces: { [bundleType]: 'The bundle, with all roots and signatures.' },
    async handler({ deps, params }): Promise<never> {
      const content = await deps.bundles.content(params.version);
      return new Streamed(bundleType, Readable.from([content], { objectMode: false })) as never;
    },
  }),
  operation({
    method: 'GET',
    path: '/rules/root',
    permission: 'read',
    summary: 'The root that bundles of rules rest on: whose keys count for what',
    output: rootSchema,
    handler: async ({ deps }) => rootJsonOf(await deps.bundles.root()),
  }),
];

const failedTest = object({ file: text, name: text, detail: text });
const builtSchema = object({ bundle: bundleSchema, rules: count, failed: array(failedTest) });
export type BuiltJson = FromSchema<typeof builtSchema>;

const builtJson = ({ bundle, rules, failed }: Built): BuiltJson => ({
  ...{ bundle: bundleJson(bundle), rules, failed: [...failed] },
});

/** Files of rules in one edit, and what they may come to. */
const maxEdits = 64;
const maxEditBytes = 4 * 1024 * 1024;
const ruleText = { type: 'string', maxLength: 256 * 1024 } as const;

const changing = [
  operation({
    method: 'POST',
    path: '/rules/bundles',
    permission: 'rules',
    summary: 'Add a signed bundle; it is not in force by that',
    accepts: {
      type: bundleType,
      maxBytes: maxBundleBytes,
      description: 'A bundle as `vedette rules sign` leaves it.',
    },
    timeoutMs,
    output: bundleSchema,
    created: true,
    handler: async (call) => bundleJson(await call.deps.bundles.add(call.upload, callerOf(call).name)),
  }),
  operation({
    method: 'POST',
    path: '/rules/bundles/build',
    permission: 'rules',
    summary: "Check, test, build and sign a source of rules with the collector's own keys",
    query: object(
      {},
      {
        name: { type: 'string', pattern: bundleNamePattern.source },
        minAgentVersion: { type: 'string', pattern: agentVersionPattern.source },
        expiresAt: { ...instant, description: 'End of the bundle; 90 days from now where not told.' },
        force: { type: 'boolean', description: 'Sign rules without tests too; they are marked.' },
      },
    ),
    accepts: {
      type: bundleType,
      maxBytes: maxBundleBytes,
      description: 'The files as a bundle nobody has signed, tests (`rules/….test.yml`) among them.',
    },
    timeoutMs,
    output: builtSchema,
    created: true,
    async handler(call) {
      const { deps, query, upload, now } = call;
      const expiresAt = query.expiresAt === undefined ? now + usualLifeUs : fromIso(query.expiresAt);
      if (expiresAt === undefined) throw new VedetteError('api.invalid', 'expiresAt is not an instant.');
      const built = await deps.bundles.build(upload, {
        name: query.name ?? 'rules',
        minAgentVersion: query.minAgentVersion ?? '0.1.0',
        ...{ expiresAt, isForced: query.force ?? false, by: callerOf(call).name },
      });
      return builtJson(built);
    },
  }),
  operation({
    method: 'POST',
    path: '/rules/bundles/edit',
    permission: 'rules',
    summary:
      "Change or add rules of what is in force: a new bundle of it is checked, tested and signed with the collector's own keys",
    body: object(
      {
        edits: {
          type: 'array',
          items: object(
            {
              text: {
                ...ruleText,
                description: 'A file of rules; it replaces the one with a rule of the same id.',
              },
            },
            { tests: { ...ruleText, description: 'Its tests; those there are stay where it is absent.' } },
          ),
          minItems: 1,
          maxItems: maxEdits,
        },
      },
      {
        name: { type: 'string', pattern: bundleNamePattern.source },
        force: { type: 'boolean', description: 'Sign rules without tests too; they are marked.' },
      },
    ),
    maxBodyBytes: maxEditBytes,
    timeoutMs,
    output: builtSchema,
    created: true,
    async handler(call) {
      const { deps, body, now } = call;
      const built = await deps.bundles.edit(body.edits, {
        ...{ name: body.name ?? 'rules', minAgentVersion: '0.1.0', expiresAt: now + usualLifeUs },
        ...{ isForced: body.force ?? false, by: callerOf(call).name },
      });
      return builtJson(built);
    },
  }),
  operation({
    method: 'POST',
    path: '/rules/bundles/:version/activate',
    permission: 'rules',
    summary: 'Put a bundle in force for central detection',
    params: byVersion,
    body: object(
      {},
      {
        reason: { type: 'string', minLength: 1, maxLength: 512 },
        rollback: { type: 'boolean', description: 'A decision to go back to an older bundle.' },
      },
    ),
    timeoutMs,
    output: object({ inForce: inForceSchema }),
    async handler(call) {
      const { reason = '', rollback = false } = call.body;
      if (!rollback) await call.deps.rollouts.demandDirect();
      const order = { version: call.params.version, by: callerOf(call).name, reason, isRollback: rollback };
      return { inForce: inForceJson(await call.deps.bundles.activate(order)) };
    },
  }),
  operation({
    method: 'POST',
    path: '/rules/root',
    permission: 'administer',
    summary: 'Take up the next root; from then on only its keys count',
    body: object({ document: { type: 'string', minLength: 1, maxLength: 60_000 } }),
    output: rootSchema,
    async handler(call) {
      const document = Buffer.from(call.body.document);
      return rootJsonOf(await call.deps.bundles.addRoot(document, callerOf(call).name));
    },
  }),
];

export const bundles = [...reading, ...changing];
