import type { Coverage } from './coverage.ts';

/** Of the layer format (https://github.com/mitre-attack/attack-navigator/blob/master/layers/LAYERFORMATv4_5.md). */
const versions = { layer: '4.5', navigator: '5.1.0' } as const;
/** A technique that no sensor feeds counts nothing, though rules name it. */
const colors = ['#f4f4f5', '#a7c7f7', '#1d5fbf'];

/** The coverage as a layer of ATT&CK Navigator; the score is how many rules are fed. */
export function navigatorLayer({ techniques, rules, summary }: Coverage, name: string) {
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  const most = Math.max(1, ...techniques.map(({ fed }) => fed));
  return {
    name,
    versions,
    domain: 'enterprise-attack',
    description: `${summary.fed} of ${summary.rules} rules can match events of the sensors here.`,
    techniques: techniques.map(({ id, rules: count, fed, alerts, ruleIds }) => ({
      techniqueID: id,
      score: fed,
      enabled: true,
      comment: ruleIds.map((ruleId) => titles.get(ruleId) ?? ruleId).join('\n'),
      metadata: [
        { name: 'rules', value: String(count) },
        { name: 'fed by sensors', value: String(fed) },
        ...(alerts === null ? [] : [{ name: 'alerts', value: String(alerts) }]),
      ],
      showSubtechniques: id.includes('.'),
    })),
    gradient: { colors, minValue: 0, maxValue: most },
    legendItems: [
      { label: 'rules, but no sensor feeds them', color: colors[0] },
      { label: 'rules that sensors feed', color: colors[2] },
    ],
    hideDisabled: false,
  };
}
