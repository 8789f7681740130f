import { VedetteError } from '#shared/errors.ts';
import type { BacktestAsk } from '../../backtest/asking.ts';
import { readInstant } from '../input.ts';
import {
  backtestJson,
  backtestSchema,
  backtestSummaryJson,
  backtestSummarySchema,
} from '../json/backtest.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, object, text } from '../schema.ts';

/** All rules of a large repository. */
const maxBodyBytes = 32 * 1024 * 1024;
const maxFiles = 10_000;
const usualUs = 86_400_000_000;

const textFile = object({
  file: { type: 'string', minLength: 1, maxLength: 1024, description: 'As problems name it.' },
  text: { type: 'string', maxLength: 2 * 1024 * 1024 },
});
const list = object({
  name: { type: 'string', pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$' },
  values: { ...array({ type: 'string', maxLength: 4096 }), maxItems: 100_000 },
});

const ask = object(
  { rules: { ...array(textFile, 'Files of Sigma rules.'), minItems: 1, maxItems: maxFiles } },
  {
    pipelines: { ...array(textFile), maxItems: 64 },
    builtInPipelines: { ...array({ type: 'string', pattern: '^[a-z0-9-]{1,64}$' }), maxItems: 16 },
    lists: {
      ...array(list, 'Values of placeholders; without any those of the collector.'),
      maxItems: 1000,
    },
    since: { ...instant, description: 'Event time, inclusive; a day before `until` unless told.' },
    until: { ...instant, description: 'Event time, inclusive; now unless told.' },
    hosts: { ...array({ type: 'string', maxLength: 256 }, 'Ids or names.'), maxItems: 1000 },
    watched: {
      ...array({ type: 'string', maxLength: 64 }, 'Alerts to tell of where they would be gone.'),
      maxItems: 10_000,
    },
    compare: {
      type: 'boolean',
      description: 'Say what would change against the rules in force; so it is unless told.',
    },
  },
);

function askOf(body: FromSchema<typeof ask>, now: number): BacktestAsk {
  const until = readInstant('until', body.until) ?? now;
  const since = readInstant('since', body.since) ?? until - usualUs;
  if (since > until) throw new VedetteError('api.invalid', 'since is after until.');
  return {
    ...{ since, until, rules: body.rules, pipelines: body.pipelines ?? [] },
    ...{ builtIn: body.builtInPipelines ?? [], lists: body.lists ?? [], hosts: body.hosts ?? [] },
    compare: body.compare ?? true,
    watched: body.watched ?? [],
  };
}

const notFound = (id: string) => new VedetteError('api.not_found', `There is no backtest ${id}.`);
const byId = object({ id: text });

export const backtests = [
  operation({
    method: 'POST',
    path: '/backtests',
    permission: 'read',
    summary: 'Run rules over stored events, as live detection would have; it waits for its turn',
    body: ask,
    maxBodyBytes,
    created: true,
    output: backtestSummarySchema,
    async handler(call) {
      const { deps, body, now } = call;
      return backtestSummaryJson(await deps.backtests.start(askOf(body, now), callerOf(call).name));
    },
  }),
  operation({
    method: 'GET',
    path: '/backtests',
    permission: 'read',
    summary: 'Backtests that wait, run, or ended lately',
    output: object({ items: array(backtestSummarySchema) }),
    handler: ({ deps }) => ({ items: deps.backtests.list().map(backtestSummaryJson) }),
  }),
  operation({
    method: 'GET',
    path: '/backtests/:id',
    permission: 'read',
    summary: 'One backtest: how far it is, or what it found',
    params: byId,
    output: backtestSchema,
    handler({ deps, params }) {
      const info = deps.backtests.get(params.id);
      if (info === undefined) throw notFound(params.id);
      return backtestJson(info);
    },
  }),
  operation({
    method: 'DELETE',
    path: '/backtests/:id',
    permission: 'read',
    summary: "Cancel a backtest of one's own; an administrator any",
    params: byId,
    async handler(call) {
      const { deps, params } = call;
      const { name, permissions } = callerOf(call);
      const info = deps.backtests.get(params.id);
      if (info === undefined) throw notFound(params.id);
      if (info.by !== name && !permissions.includes('administer'))
        throw new VedetteError('api.forbidden', `The backtest is ${info.by}'s.`);
      deps.backtests.cancel(params.id);
      await record(call, 'backtest.cancel', `backtest ${params.id}`, { by: info.by });
      return undefined as never;
    },
  }),
];
