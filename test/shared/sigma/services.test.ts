/** Rules for a service, over events that name their services themselves. */
import t from 'tap';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import type { EventRow } from '../../../shared/schema/columns.ts';
import { wakesOf } from '../../../shared/sigma/explain/form.ts';
import { declaredSchema, logsourceFits, Matcher } from '../../../shared/sigma/index.ts';
import { compileText, specs } from './rules.ts';

const rule = (id: string, logsource: object, detection: unknown = ['bad thing'], condition = 'words') =>
  JSON.stringify({ title: id, id, logsource, detection: { words: detection, condition } });

const text = [
  rule('sshd', { product: 'linux', service: 'sshd' }),
  rule('cron', { product: 'linux', service: 'cron' }),
  rule('any', { product: 'linux' }),
  rule('audit', { product: 'linux', service: 'auditd' }),
  rule('quiet', { product: 'linux', service: 'cron' }, ['good thing'], 'not words'),
].join('\n---\n');

function matched(services: readonly string[] | undefined, message: string): readonly string[] {
  const row = { type: 'log.line', time: 1, message, 'log.source': 'x', 'log.service': services };
  const found: string[] = [];
  const matcher = new Matcher(compileText(text).ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  const events = columnarOf(eventSpecs['log.line'], [row as unknown as EventRow]);
  matcher.match(events, 'linux', (compiled, _row, explain) => {
    found.push(compiled.rule.id);
    t.ok(explain().length > 0, 'says why');
  });
  return found.sort();
}

t.test('a rule for a service sees the lines that name it', async (t) => {
  t.same(matched(['auth', 'sshd'], 'a bad thing'), ['any', 'sshd']);
  t.same(matched(['cron'], 'a bad thing'), ['any', 'cron', 'quiet']);
  t.same(matched(['cron'], 'a good thing'), []);
  t.same(matched(['syslog'], 'a bad thing'), ['any']);
  t.same(matched(undefined, 'a bad thing'), ['any']);
  t.same(matched(['auditd'], 'a bad thing'), ['any'], 'only services the declaration names');
});

t.test('which rules fit is known without events', async (t) => {
  const spec = eventSpecs['log.line'];
  t.equal(logsourceFits({ product: 'linux', service: 'sshd' }, spec, 'linux'), true);
  t.equal(logsourceFits({ product: 'windows', service: 'sshd' }, spec, 'linux'), false);
  t.equal(logsourceFits({ product: 'linux', service: 'auditd' }, spec, 'linux'), false);
  t.equal(logsourceFits({ category: 'process_creation', service: 'sshd' }, spec, 'linux'), false);
});

t.test('even a rule that says what must not be there wakes by its service', async (t) => {
  const schema = declaredSchema(eventSpecs['log.line'], 'linux');
  const quiet = compileText(text).ruleSet.rules.find((one) => one.rule.id === 'quiet');
  t.match(quiet && wakesOf(quiet, schema), [{ kind: 'test', field: 'log.service' }]);
});
