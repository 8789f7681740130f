import { type Analysis, analysisKinds, type Finding } from '../../analysis/contract.ts';
import { levels } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, dictionary, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const count = { type: 'integer', minimum: 0 } as const;

const findingSchema = object({
  id: { type: 'string', description: 'The same for the same thing found again.' },
  check: text,
  title: text,
  severity: oneOf(levels),
  confidence: { type: 'number', minimum: 0, maximum: 1 },
  hostId: nullable({ type: 'string', description: 'Null where it is about several hosts.' }),
  hostName: nullable(text),
  description: { type: 'string', description: 'One sentence.' },
  affected: array(object({ field: text, value: text }), 'What it is about, by ECS field.'),
  recommendations: array(text),
  numbers: {
    ...dictionary({ type: 'number' }),
    description: 'What the judgement rests on.',
  },
  firstSeen: instant,
  lastSeen: instant,
  eventIds: array(text, 'Some of the events, at most five.'),
  filter: { type: 'string', description: 'Finds all of them, for GET /events.' },
  techniques: array(text, 'Of ATT&CK.'),
});
export type FindingJson = FromSchema<typeof findingSchema>;

export const analysisSchema = object({
  kind: oneOf(analysisKinds),
  since: instant,
  until: instant,
  hosts: array(object({ id: text, name: text })),
  checks: array(object({ name: text, title: text, found: count }), 'What was looked for.'),
  findings: array(findingSchema, 'Gravest first.'),
  leftOut: { ...count, description: 'Found beyond what one check tells of one host.' },
  damagedBatches: { ...count, description: 'Stored batches that could not be read.' },
  seconds: { type: 'number' },
});
export type AnalysisJson = FromSchema<typeof analysisSchema>;

function findingJson({ firstAt, lastAt, ...finding }: Finding): FindingJson {
  return { ...finding, firstSeen: toIso(firstAt), lastSeen: toIso(lastAt) };
}

export function analysisJson({ since, until, findings, ...analysis }: Analysis): AnalysisJson {
  return { ...analysis, since: toIso(since), until: toIso(until), findings: findings.map(findingJson) };
}
