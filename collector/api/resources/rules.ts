import { VedetteError } from '#shared/errors.ts';
import { levels, type RuleAlertCounts } from '../../store/contract.ts';
import type { ApiDeps } from '../deps.ts';
import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { inForceJson, inForceSchema } from '../json/bundle.ts';
import { problemOfRule } from '../json/rule-problem.ts';
import { type RuleStatsJson, ruleStatsSchema } from '../json/rule-stats.ts';
import { operation } from '../operation.ts';
import { array, count, dictionary, instant, nullable, object, oneOf, text } from '../schema.ts';

const noRule = (id: string) => new VedetteError('api.not_found', `There is no rule ${id}.`);
const daysUs = (days: number) => days * 86_400_000_000;

export const rules = [
  operation({
    method: 'GET',
    path: '/rules/stats',
    permission: 'read',
    summary: 'What rules raised, what it was found to be, and what they cost; those with most alerts first',
    query: object(
      {},
      {
        since: { ...instant, description: 'Raised at or after; 30 days before now unless told.' },
        until: { ...instant, description: 'Raised at or before; now unless told.' },
      },
    ),
    output: object({ items: array(ruleStatsSchema) }),
    async handler({ deps, query, now }) {
      const until = readInstant('until', query.until) ?? now;
      const since = readInstant('since', query.since) ?? now - daysUs(30);
      const counts = await deps.control.alerts.countByRule(since, until);
      return { items: [...statsOf(deps, counts)].sort((a, b) => b.alerts - a.alerts) };
    },
  }),
  operation({
    method: 'GET',
    path: '/rules/coverage',
    permission: 'read',
    summary: 'What the rules in force cover of ATT&CK, what of it sensors feed, and what was seen of it',
    query: object(
      {},
      { since: { ...instant, description: 'Count alerts raised at or after; 30 days ago unless told.' } },
    ),
    output: object({
      techniques: array(
        object({
          id: text,
          tactics: array(text),
          rules: count,
          fed: count,
          alerts: count,
          ruleIds: array(text),
        }),
      ),
      tactics: array(object({ name: text, techniques: array(text) })),
      summary: object({
        rules: count,
        fed: count,
        withoutTechnique: count,
        techniques: count,
        fedTechniques: count,
        fired: count,
      }),
    }),
    async handler({ deps, query, now }) {
      const since = readInstant('since', query.since) ?? now - daysUs(30);
      const counts = await deps.control.alerts.countByRule(since, now);
      const alertsOf = new Map(counts.map(({ ruleId, alerts }) => [ruleId, alerts]));
      const { tactics, summary, techniques: covered } = await deps.coverage();
      const techniques = covered.map(({ id, tactics: under, rules: all, fed, ruleIds }) => ({
        ...{ id, tactics: [...under], rules: all, fed, ruleIds: [...ruleIds] },
        alerts: ruleIds.reduce((sum, ruleId) => sum + (alertsOf.get(ruleId) ?? 0), 0),
      }));
      const fired = techniques.filter(({ alerts }) => alerts > 0).length;
      return { techniques, tactics: [...tactics], summary: { ...summary, fired } };
    },
  }),
  operation({
    method: 'POST',
    path: '/rules/check',
    permission: 'read',
    summary: 'Say what is wrong with a rule, what its tests come to and what it means; nothing is kept',
    body: object(
      { text: { type: 'string', maxLength: 256 * 1024 } },
      { tests: { type: 'string', maxLength: 256 * 1024 } },
    ),
    maxBodyBytes: 1024 * 1024,
    perMinute: 120,
    output: object({
      problems: array(problemOfRule),
      cases: array(
        object({ name: text, expect: oneOf(['hit', 'miss']), passed: { type: 'boolean' }, detail: text }),
      ),
      words: array(text),
    }),
    async handler({ deps, body }) {
      const { problems, cases, words } = await deps.checkRule(body.text, body.tests);
      return {
        problems: [...problems],
        cases: cases.map(({ name, expect, passed, detail }) => ({ name, expect, passed, detail })),
        words: [...words],
      };
    },
  }),
  operation({
    method: 'GET',
    path: '/rules/:id',
    permission: 'read',
    summary: 'One rule with the text of its file, and of the tests beside it',
    params: object({ id: text }),
    output: object({
      id: text,
      title: text,
      level: oneOf(levels),
      tags: array(text),
      file: text,
      text,
      tests: nullable(text),
    }),
    async handler({ deps, params }) {
      const rule = deps.rules().rules.find(({ id }) => id === params.id);
      const texts = rule && (await deps.ruleTexts(rule.file));
      if (rule === undefined || texts === undefined) throw noRule(params.id);
      const { id, title, level, tags, file } = rule;
      return { id, title, level, tags, file, ...texts };
    },
  }),
  operation({
    method: 'GET',
    path: '/rules',
    permission: 'read',
    summary: 'The rules that are in force, the bundle they are of, and those that could not be loaded',
    output: object({
      bundle: inForceSchema,
      rules: array(
        object({
          id: text,
          title: text,
          level: oneOf(levels),
          tags: array(text),
          logsource: dictionary(text),
          file: text,
        }),
      ),
      problems: array(problemOfRule),
    }),
    handler({ deps }) {
      const loaded = deps.rules();
      return {
        bundle: inForceJson(loaded.bundle),
        rules: loaded.rules.map((rule) => ({ ...rule, logsource: { ...rule.logsource } })),
        problems: [...loaded.problems],
      };
    },
  }),
];

function* statsOf(deps: ApiDeps, counts: readonly RuleAlertCounts[]): Generator<RuleStatsJson> {
  const byId = new Map(counts.map((one) => [one.ruleId, one]));
  const loaded = new Map(deps.rules().rules.map((rule) => [rule.id, rule]));
  for (const id of new Set([...loaded.keys(), ...byId.keys()])) {
    const rule = loaded.get(id);
    const found = byId.get(id);
    yield {
      id,
      title: rule?.title ?? id,
      level: rule?.level ?? 'medium',
      isLoaded: rule !== undefined,
      alerts: found?.alerts ?? 0,
      events: found?.events ?? 0,
      hosts: found?.hosts ?? 0,
      open: found?.open ?? 0,
      truePositives: found?.truePositives ?? 0,
      falsePositives: found?.falsePositives ?? 0,
      lastRaisedAt: found === undefined ? null : toIso(found.lastRaisedAt),
      costNs: deps.backtests.costOf(id) ?? null,
    };
  }
}
