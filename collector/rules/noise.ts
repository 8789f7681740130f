import { stringify } from 'yaml';
import { fieldKey, parseRules } from '#shared/sigma/index.ts';

/** An alert as far as noise is judged by it. */
export interface JudgedAlert {
  readonly id: string;
  readonly verdict: 'true-positive' | 'false-positive' | null;
  readonly event: Readonly<Record<string, unknown>>;
}

/** A filter that would have removed alerts, before anything was run. */
export interface NoiseFilter {
  readonly field: string;
  readonly value: string;
  /** Of the alerts looked at: all it covers, and those among them that people judged. */
  readonly covers: number;
  readonly falsePositives: number;
  readonly truePositives: number;
}

/** Bounds on what is looked at and proposed. */
export const noiseBounds = { alerts: 5_000, proposals: 5, valueLength: 256 } as const;

/** Least share of the alerts, and least number of them, that a filter is to remove. */
const leastShare = 0.2;
const leastAlerts = 2;

/** Values that are never twice the same, or say when and where and not what. */
const useless =
  /(?:^|\.)(?:id|entity_id|pid|sequence|ingested|start|end|time|hash|session_id|connection_id)$|^(?:type|time|@timestamp|event\.|host\.)|\.(?:md5|sha1|sha256)$/;

/**
 * Values of one field that many of a rule's alerts share: of those judged false where any was judged, else of all.
 * Those that cover alerts judged true come last.
 */
export function proposeFilters(alerts: readonly JudgedAlert[]): readonly NoiseFilter[] {
  const isJudged = alerts.some(({ verdict }) => verdict === 'false-positive');
  const noise = isJudged ? alerts.filter(({ verdict }) => verdict === 'false-positive') : alerts;
  const values = new Map<string, number>();
  for (const { event } of noise)
    for (const [field, value] of Object.entries(event)) {
      if (useless.test(field) || (typeof value !== 'string' && typeof value !== 'boolean')) continue;
      const text = String(value);
      if (text === '' || text.length > noiseBounds.valueLength) continue;
      const key = JSON.stringify([field, text]);
      values.set(key, (values.get(key) ?? 0) + 1);
    }
  return [...values]
    .filter(([, n]) => n >= Math.max(leastAlerts, noise.length * leastShare))
    .map(([key]) => {
      const [field, value] = JSON.parse(key) as [string, string];
      const covered = alerts.filter(({ event }) => String(event[field] ?? '') === value);
      const judged = (verdict: JudgedAlert['verdict']) =>
        covered.filter((alert) => alert.verdict === verdict).length;
      return {
        ...{ field, value, covers: covered.length },
        falsePositives: judged('false-positive'),
        truePositives: judged('true-positive'),
      };
    })
    .sort(
      (a, b) =>
        a.truePositives - b.truePositives ||
        b.falsePositives - a.falsePositives ||
        b.covers - a.covers ||
        rank(b) - rank(a),
    )
    .slice(0, noiseBounds.proposals);
}

/** Of fields that always go together the more telling one is proposed first. */
function rank({ field }: { readonly field: string }): number {
  const order = [
    'user.name',
    'process.parent.command_line',
    'process.parent.executable',
    'process.executable',
    'process.command_line',
  ];
  return order.indexOf(field);
}

/** A Sigma filter for one rule of a file; undefined when its text does not hold the rule. */
export function filterText(
  ruleText: string,
  ruleId: string,
  { field, value }: Pick<NoiseFilter, 'field' | 'value'>,
): string | undefined {
  const { documents } = parseRules(ruleText, 'rule.yml');
  const rule = documents.find(({ id }) => id === ruleId);
  // Of a correlation what it counts is to be left out.
  const meant = rule?.kind === 'correlation' ? documents.find(({ kind }) => kind === 'rule') : rule;
  if (meant?.kind !== 'rule') return undefined;
  return stringify({
    title: `Noise of ${meant.title}: ${fieldKey(field)}`,
    logsource: { ...meant.logsource },
    filter: { rules: [meant.id], selection: { [field]: escaped(value) }, condition: 'selection' },
  });
}

/** Sigma takes `*`, `?` and `\` before them for wildcards. */
function escaped(value: string): string {
  return value.replace(/[*?]/g, '\\$&').replace(/\\(?=\\*$)/g, '\\\\');
}
