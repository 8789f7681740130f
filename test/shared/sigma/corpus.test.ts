/** The public rules, where they lie beside the checkout: how many are accepted, and why the others are not. */
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type LintReport, lint } from '../../../collector/rules/load.ts';
import { makeTempFolder } from '../../temp.ts';

const archive = join(import.meta.dirname, '../../../../shared/sigma/sigmahq.tar.gz');
const skip = existsSync(archive) ? false : 'the public rules are not here';

/** Least share accepted, by folder of the archive. */
const goals: readonly (readonly [string, number])[] = [
  ['rules/linux', 0.95],
  ['rules', 0.99],
  ['rules-emerging-threats', 0.98],
  ['rules-threat-hunting', 0.98],
  ['rules-compliance', 0.98],
];

function tell({ summary, problems }: LintReport): string {
  const first = problems.filter((p) => p.severity === 'error').slice(0, 5);
  return JSON.stringify({ summary, first: first.map((p) => `${p.file}:${p.line}: ${p.code} ${p.message}`) });
}

t.test('the public rules', { skip }, async (t) => {
  const folder = makeTempFolder('sigma-');
  t.teardown(() => rmSync(folder, { recursive: true }));
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  for (const [name, least] of goals) {
    const report = await lint([join(folder, name)]);
    const { rules, accepted } = report.summary;
    t.comment(`${name}: ${tell(report)}`);
    t.ok(rules > 0 && accepted / rules >= least, `${name}: ${accepted} of ${rules} accepted`);
  }
  const placeholders = await lint([join(folder, 'rules-placeholder')]);
  t.strictSame(
    Object.keys(placeholders.summary.byReason),
    ['rule.placeholder_unresolved'],
    'rules with placeholders are refused for want of lists and nothing else',
  );
});
