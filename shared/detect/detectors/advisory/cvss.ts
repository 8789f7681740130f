/** Weights of CVSS v3.1, https://www.first.org/cvss/v3.1/specification-document, table 16. */
const weights = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: { H: 0.56, L: 0.22, N: 0 },
} as const;
const privileges = {
  U: { N: 0.85, L: 0.62, H: 0.27 },
  C: { N: 0.85, L: 0.68, H: 0.5 },
} as const;

/** The base score of a vector of CVSS 3.0 or 3.1, section 7.1; undefined of any other text. */
export function cvssBaseScore(vector: string): number | undefined {
  if (!/^CVSS:3\.[01]\//.test(vector)) return undefined;
  const metrics = new Map(vector.split('/').map((part) => part.split(':') as [string, string]));
  const of = (table: Readonly<Record<string, number>>, name: string) => table[metrics.get(name) ?? ''];
  const scope = metrics.get('S');
  if (scope !== 'U' && scope !== 'C') return undefined;
  const attack = [
    of(weights.AV, 'AV'),
    of(weights.AC, 'AC'),
    of(privileges[scope], 'PR'),
    of(weights.UI, 'UI'),
  ];
  const harm = [of(weights.C, 'C'), of(weights.C, 'I'), of(weights.C, 'A')];
  if ([...attack, ...harm].some((one) => one === undefined)) return undefined;
  const exploitability = 8.22 * attack.reduce<number>((product, one) => product * one!, 1);
  const base = 1 - harm.reduce<number>((product, one) => product * (1 - one!), 1);
  const impact = scope === 'U' ? 6.42 * base : 7.52 * (base - 0.029) - 3.25 * (base - 0.02) ** 15;
  if (impact <= 0) return 0;
  return roundUp(Math.min((scope === 'U' ? 1 : 1.08) * (impact + exploitability), 10));
}

/** To one decimal, upwards; appendix A says how, so that doubles do not spoil it. */
function roundUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}

/** The word for a base score, section 5. */
export function severityOf(score: number): 'low' | 'medium' | 'high' | 'critical' | undefined {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : undefined;
}
