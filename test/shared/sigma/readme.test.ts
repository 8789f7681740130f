/** The examples of the README run as they stand. */

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const top = join(import.meta.dirname, '../../..');
const examples = [
  ...readFileSync(join(top, 'shared/sigma/README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g),
]
  .map((match) => match[1]!)
  .filter((code) => code.includes("from '#shared/"));

/** What the examples take as given. */
const given = `
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs as all } from '#shared/events/registry.gen.ts';
const yamlText = 'title: T\\nlogsource: { category: process_creation }\\ndetection: { s: { Image: /bin/nc }, condition: s }';
const jsonText = '{"Image": "/bin/nc"}\\n{"Image": "/bin/ls"}';
const columnarEvents = columnarOf(all['process.start'], [{ type: 'process.start', time: 1, 'process.executable': '/bin/nc' }]);
`;

/** Beside the tests: \`#shared\` is for files of the checkout. */
function run(code: string, name: string): { readonly stdout: string; readonly stderr: string } {
  const file = join(import.meta.dirname, `${name}.tmp.ts`);
  writeFileSync(file, given + code);
  t.teardown(() => rmSync(file, { force: true }));
  return spawnSync(process.execPath, [file], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } });
}

t.test('the examples run', async (t) => {
  t.equal(examples.length, 2);
  for (const [i, code] of examples.entries()) {
    const { stdout, stderr } = run(code, `readme-${i}`);
    t.equal(stderr, '', 'nothing goes wrong');
    t.match(stdout, /^T 0? ?/, 'the rule matches');
    t.match(stdout, /\/bin\/nc/, 'and says why');
    t.notMatch(stdout, /\/bin\/ls/);
  }
});
