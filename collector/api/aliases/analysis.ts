import { nowUs } from '#shared/clock.ts';
import { analysisKinds } from '../../analysis/contract.ts';
import { levels } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { array, dictionary, instant, nullable, object, oneOf, text } from '../schema.ts';

const dayUs = 86_400_000_000;
const handlerTimeoutMs = 1_200_000;

const findingSchema = object({
  id: text,
  device_name: nullable({ type: 'string', description: 'Null where it is about several hosts.' }),
  analysis_type: oneOf(analysisKinds),
  severity_level: { type: 'integer', minimum: 1, maximum: 5, description: '1 informational to 5 critical.' },
  confidence_score: { type: 'number', minimum: 0, maximum: 1 },
  description: text,
  recommendations: text,
  alert_type: { type: 'string', description: 'Name of the check.' },
  affected_components: dictionary(text, 'By ECS field.'),
  mitigation_steps: text,
  created_at: instant,
});

export const analysisAliases = [
  operation({
    method: 'GET',
    path: '/analysis/:kind',
    isTop: true,
    permission: 'read',
    summary: 'What an analysis of the last day finds, one object a finding',
    params: object({ kind: oneOf(analysisKinds) }),
    output: array(findingSchema),
    timeoutMs: handlerTimeoutMs,
    async handler(call) {
      const { deps, params, closed, now } = call;
      const until = nowUs();
      const order = { kind: params.kind, hosts: [], since: until - dayUs, until };
      const { findings } = await deps.analyses.analyse({
        ...order,
        ...{ by: callerOf(call).name, signal: closed },
      });
      return findings.map((finding) => ({
        id: finding.id,
        device_name: finding.hostName,
        analysis_type: params.kind,
        severity_level: levels.indexOf(finding.severity) + 1,
        confidence_score: finding.confidence,
        description: finding.description,
        recommendations: finding.recommendations.join(' '),
        alert_type: finding.check,
        affected_components: Object.fromEntries(finding.affected.map(({ field, value }) => [field, value])),
        mitigation_steps: finding.recommendations.join(' '),
        created_at: toIso(now),
      }));
    },
  }),
];
