import { readdir } from 'node:fs/promises';
import t from 'tap';
import { isDetectorFile } from '#shared/detect/detectors/settings.ts';
import { runCases } from '../../../collector/rules/cases.ts';
import { lint, loadRules, packListsPath, packPath } from '../../../collector/rules/load.ts';

t.test('the pack is accepted without a word', async (t) => {
  const { summary, problems } = await lint([packPath], [packListsPath]);
  t.strictSame(problems, []);
  t.equal(summary.refused, 0);
  t.equal(summary.inactive, 0);
  t.ok(summary.accepted >= 200);
});

t.test('every rule says what it is', async (t) => {
  const { ruleSet } = await loadRules([packPath], [packListsPath]);
  for (const { rule } of [...ruleSet.rules, ...ruleSet.correlations]) {
    t.match(rule.id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/, rule.title);
    t.equal(rule.author, 'Vedette', rule.title);
    t.ok(rule.description.length > 30, `${rule.title} is described`);
    t.ok(
      rule.tags.some((tag) => /^attack\.t\d{4}(\.\d{3})?$/.test(tag)),
      `${rule.title} names a technique`,
    );
    const silent = [...ruleSet.silent].some((r) => r.rule === rule);
    if (silent) continue;
    t.match(
      rule.falsePositives.join(' '),
      /\w+ \w+.*\.$/,
      `${rule.title} names false positives in sentences`,
    );
    t.match(String(rule.attributes.get('response')), /\w+ \w+.*\.$/s, `${rule.title} says what to do`);
    t.match(rule.attributes.get('confidence'), /^(?:low|medium|high)$/, `${rule.title} says how sure it is`);
    t.ok(
      rule.tags.some((tag) => /^attack\.[a-z-]+$/.test(tag)),
      `${rule.title} names a tactic`,
    );
  }
});

t.test('cases', async (t) => {
  const results = await runCases(packPath, [packListsPath]);
  for (const { file, name, passed, detail } of results) t.ok(passed, `${file}: ${name}`, { detail });
  const files = (await readdir(packPath, { recursive: true })).filter(
    (n) => n.endsWith('.yml') && !n.endsWith('.test.yml') && !isDetectorFile(n),
  );
  for (const file of files) {
    const cases = results.filter((r) => r.file === file.replace('.yml', '.test.yml'));
    t.ok(
      cases.some((c) => c.expect === 'hit'),
      `${file} has a hit`,
    );
    t.ok(
      cases.some((c) => c.expect === 'miss'),
      `${file} has a near miss`,
    );
  }
});

t.test('every rule that raises alerts is hit by some case', async (t) => {
  const { ruleSet } = await loadRules([packPath], [packListsPath]);
  const hit = new Set((await runCases(packPath, [packListsPath])).flatMap((r) => r.ruleIds));
  for (const compiled of ruleSet.rules) {
    t.ok(hit.has(compiled.rule.id) || ruleSet.silent.has(compiled), compiled.rule.title);
  }
  for (const { rule } of ruleSet.correlations) t.ok(hit.has(rule.id), rule.title);
});
