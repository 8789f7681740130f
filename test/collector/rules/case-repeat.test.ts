/** Templates of events and advisories in files of tests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { caseBounds, readCases } from '../../../collector/rules/case-file.ts';
import { runCases } from '../../../collector/rules/cases.ts';
import { tempFolder } from '../../temp.ts';

const caseOf = (event: string, more = '') =>
  `cases:\n  - name: c\n    expect: hit\n${more}    events:\n      - { type: process.start, process.pid: 1, ${event} }\n`;

t.test('an event stands for many', async (t) => {
  const { cases, problems } = readCases(
    caseOf('at: 10, repeat: { count: 3, every: 0.5 }, Image: "/bin/x{n}", process.capabilities: ["c{n}"]'),
    'a',
  );
  t.strictSame(problems, []);
  t.match(cases[0]?.events, [
    { at: 10, fields: { 'process.executable': '/bin/x0', 'process.capabilities': ['c0'] } },
    { at: 10.5, fields: { 'process.executable': '/bin/x1', 'process.capabilities': ['c1'] } },
    { at: 11, fields: { 'process.executable': '/bin/x2' } },
  ]);
});

t.test('templates that are not as they should be', async (t) => {
  for (const [repeat, why] of [
    ['3', /is not a map/],
    ['{ count: 0 }', /whole number from 1/],
    ['{ count: 1.5 }', /whole number from 1/],
    [`{ count: ${caseBounds.events + 1} }`, /whole number from 1/],
    [`{ count: ${caseBounds.events} }`, undefined],
    ['{ count: 2, every: often }', /not a number of seconds/],
    ['{ count: 2, stray: 1 }', /repeat has `stray`/],
  ] as const) {
    const { problems } = readCases(caseOf(`repeat: ${repeat}`), 'a');
    if (why === undefined) t.strictSame(problems, [], repeat);
    else t.match(problems[0]?.message, why, repeat);
  }
});

t.test('advisories of a case', async (t) => {
  const good =
    '    advisories: [{ id: A-1, affected: [{ package: { ecosystem: npm, name: x }, versions: ["1"] }] }]\n';
  t.match(readCases(caseOf('Image: /x', good), 'a').cases[0]?.advisories, [{ id: 'A-1', type: 'npm' }]);
  for (const bad of ['    advisories: 7\n', '    advisories: [{ id: A-1 }]\n'])
    t.match(readCases(caseOf('Image: /x', bad), 'a').problems[0]?.message, /advisor/);
});

t.test('a case that should hit and does not is told what the detector found', async (t) => {
  const folder = tempFolder(t);
  const rule = { title: 'Beat', id: 'beat', logsource: { product: 'vedette', service: 'beacon' } };
  const detection = { beats: { 'finding.count|gte': 100 }, condition: 'beats' };
  writeFileSync(join(folder, 'beat.yml'), JSON.stringify({ ...rule, detection }));
  const connection = {
    ...{ type: 'network.connection', 'event.action': 'connected', 'network.transport': 'tcp' },
    ...{ 'source.ip': '10.0.0.5', 'source.port': 1, 'destination.ip': '203.0.113.9' },
    ...{ 'destination.port': 443, 'network.connection_id': 'c{n}', Image: '/opt/agent' },
  };
  const cases = [20, 3].map((count) => ({
    ...{ name: `${count} beats`, expect: 'hit' },
    events: [{ ...connection, repeat: { count, every: 60 } }],
  }));
  writeFileSync(join(folder, 'beat.test.yml'), JSON.stringify({ cases }));
  const [many, few] = await runCases(folder, []);
  t.match(many?.detail, /beats does not hold: finding\.count\|gte '100', but finding\.count is '18'/);
  t.match(few?.detail, /Beat is about what beacon finds, and it found nothing\./);
});
