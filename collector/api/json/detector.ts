import { detectorBounds } from '#shared/detect/detectors/bounds.ts';
import { parametersOf } from '#shared/detect/detectors/parameters.ts';
import { detectorSpecs } from '#shared/detect/detectors/registry.ts';
import type { DetectorTotals, LoadedRules } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, text } from '../schema.ts';

const figure = { type: 'number' } as const;

export const detectorSchema = object({
  name: text,
  doc: text,
  kinds: array(object({ name: text, doc: text })),
  types: array(text),
  parameters: array(
    object({ name: text, doc: text, value: figure, usual: figure, least: figure, most: figure }),
  ),
  rules: array(object({ id: text, title: text })),
  /** Null where no rule in force asks for it, so that it does not run, and before the first events. */
  state: nullable(
    object({
      entities: count,
      sizeBytes: count,
      evicted: count,
      observed: count,
      findings: count,
      dropped: count,
      learnedFrom: nullable(instant),
      learnedTo: nullable(instant),
      isSetAside: { type: 'boolean' },
      tables: array(object({ name: text, entities: count, sizeBytes: count, evicted: count })),
    }),
  ),
});
export type DetectorJson = FromSchema<typeof detectorSchema>;

export const detectorsSchema = object({
  sizeBytes: count,
  maxBytes: count,
  items: array(detectorSchema),
});

/** Every detector there is, with what it holds where rules in force ask for it. */
export function detectorsJson(
  { bytes, detectors }: DetectorTotals,
  { rules }: LoadedRules,
): FromSchema<typeof detectorsSchema> {
  const items = detectorSpecs.map((spec): DetectorJson => {
    const stats = detectors.find(({ name }) => name === spec.name);
    const values = stats?.parameters ?? parametersOf(spec, new Map());
    const { name, doc } = spec;
    const asking = rules.filter(
      ({ logsource: { product, service } }) =>
        product === 'vedette' && (service === undefined || service === name),
    );
    const sum = (of: 'entities' | 'bytes' | 'evicted') =>
      (stats?.tables ?? []).reduce((total, table) => total + table[of], 0);
    return {
      ...{ name, doc, types: [...spec.types] },
      kinds: Object.entries(spec.kinds).map(([kind, words]) => ({ name: kind, doc: words })),
      parameters: Object.entries(spec.parameters).map(([parameter, declared]) => ({
        ...{ name: parameter, ...declared, value: values[parameter] ?? declared.usual },
      })),
      rules: asking.map(({ id, title }) => ({ id, title })),
      state:
        stats === undefined
          ? null
          : {
              ...{ entities: sum('entities'), sizeBytes: sum('bytes'), evicted: sum('evicted') },
              ...{ observed: stats.observed, findings: stats.findings, dropped: stats.dropped },
              learnedFrom: stats.learnedFrom === null ? null : toIso(stats.learnedFrom),
              learnedTo: stats.learnedTo === null ? null : toIso(stats.learnedTo),
              isSetAside: stats.isSetAside,
              tables: stats.tables.map((table) => ({
                ...{ name: table.name, entities: table.entities },
                ...{ sizeBytes: table.bytes, evicted: table.evicted },
              })),
            },
    };
  });
  return { sizeBytes: bytes, maxBytes: detectorBounds.memoryBytes, items };
}
