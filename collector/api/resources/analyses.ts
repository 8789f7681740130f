import { nowUs } from '#shared/clock.ts';
import { maxGlobLength } from '#shared/glob.ts';
import { analysisKinds } from '../../analysis/contract.ts';
import { readInstant } from '../input.ts';
import { analysisJson, analysisSchema } from '../json/analysis.ts';
import { callerOf, operation } from '../operation.ts';
import { array, instant, object, oneOf } from '../schema.ts';

const dayUs = 86_400_000_000;
/** As long as a hunt may wait for its turn and run. */
const handlerTimeoutMs = 1_200_000;

export const analyses = [
  operation({
    method: 'GET',
    path: '/analysis/:kind',
    permission: 'read',
    summary: 'Analyse what is stored of processes, the network, applications or users',
    params: object({ kind: oneOf(analysisKinds) }),
    query: object(
      {},
      {
        host: {
          ...array(
            { type: 'string', minLength: 1, maxLength: maxGlobLength },
            'Hosts by name or id; * and ? stand for others. None: the fleet.',
          ),
          maxItems: 64,
        },
        since: { ...instant, description: 'Event time, inclusive; a day before `until` unless said.' },
        until: { ...instant, description: 'Event time, inclusive; now unless said.' },
      },
    ),
    output: analysisSchema,
    timeoutMs: handlerTimeoutMs,
    async handler(call) {
      const { deps, params, query, closed } = call;
      const until = readInstant('until', query.until) ?? nowUs();
      const since = readInstant('since', query.since) ?? until - dayUs;
      const order = { kind: params.kind, hosts: query.host ?? [], since, until };
      return analysisJson(await deps.analyses.analyse({ ...order, by: callerOf(call).name, signal: closed }));
    },
  }),
];
