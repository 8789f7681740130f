/** What correlations of a host have counted outlives its agent. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { nowUs } from '#shared/clock.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { CorrelationState } from '../../agent/edge/correlation-state.ts';
import { rulesOfHost } from '../../agent/edge/host-rules.ts';
import { RunningRules } from '../../agent/edge/running-rules.ts';
import { correlationStateName } from '../../agent/edge/start-edge.ts';
import { noKernelEvents } from '../agent/sensors/kernel-host.ts';
import { tempFolder } from '../temp.ts';
import {
  act,
  alertsIn,
  bundleStateIn,
  countOf,
  offerOf,
  openScene,
  ruleOf,
  runAgent,
  until,
} from './edge-scene.ts';

/** Of no other test: agents see the acts of all that runs on the host. */
const word = 'edge-outlasting-act';
const base = 'a7000000-0000-4000-8000-000000000001';
const many = 'a7000000-0000-4000-8000-000000000002';
const textsOf = (least: number) => ({
  'rules/base.yml': ruleOf(word, base, 'name: counted\n'),
  'rules/many.yml': countOf(many, least),
});

async function running(texts: Readonly<Record<string, string>>): Promise<RunningRules> {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  return new RunningRules(await rulesOfHost(files, 'linux'), 'd'.repeat(64), 'linux');
}

let seen = 0;
function see({ detector }: RunningRules) {
  const row = { type: 'process.start', time: nowUs(), 'process.command_line': word } as unknown as EventRow;
  const id = `${++seen}`;
  const origin = { hostId: 'h', hostName: 'h', product: 'linux', eventId: () => `h:s:${id}:0` };
  return detector.detect(origin, [columnarOf(eventSpecs['process.start'], [row])], nowUs());
}

async function stateOf(t: Test, path: string, texts: Readonly<Record<string, string>>) {
  const rules = await running(texts);
  const problems: string[] = [];
  const state = new CorrelationState(
    path,
    () => rules.detector,
    (error) => void problems.push(error.message),
  );
  state.open();
  t.teardown(() => state.close());
  return { rules, state, problems };
}

t.test('kept at the end and taken up at the start, unless the correlation says something else', async (t) => {
  const path = join(tempFolder(t), 'state');
  const one = await stateOf(t, path, textsOf(3));
  t.same([...see(one.rules), ...see(one.rules)], []);
  one.state.close();
  const changed = await stateOf(t, path, textsOf(2));
  t.same(see(changed.rules), [], 'another threshold begins anew');
  const again = await stateOf(t, path, textsOf(3));
  t.match(see(again.rules), [{ ruleId: many, count: 3 }]);
  t.same([...one.problems, ...changed.problems, ...again.problems], []);
});

t.test('what the disk has changed is told, removed and not taken up', async (t) => {
  const path = join(tempFolder(t), 'state');
  const one = await stateOf(t, path, textsOf(2));
  see(one.rules);
  one.state.close();
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  const again = await stateOf(t, path, textsOf(2));
  t.equal(again.problems.length, 1);
  t.notOk(existsSync(path));
  t.same(see(again.rules), []);
  t.match(see(again.rules), [{ count: 2 }], 'and it counts on');
});

t.test('a host that is killed goes on counting where it was', { skip: noKernelEvents }, async (t) => {
  const scene = await openScene(t);
  const { site, hostId, data, agentFolder } = scene;
  const texts = textsOf(2);
  const agent = await runAgent(t, data);
  site.collector.desiredBundles.setForAll(offerOf(texts, 1));
  await until(() => bundleStateIn(site.folder, hostId)?.version === 1, 'the bundle is in force');
  await act(word);
  const path = join(agentFolder, correlationStateName);
  const probe = await running(texts);
  await until(() => {
    if (!existsSync(path)) return false;
    probe.detector.restore(readFileSync(path));
    return probe.detector.totals.groups === 1;
  }, 'the first is kept');
  await agent.kill('SIGKILL');
  const after = await runAgent(t, data);
  await act(word);
  await until(() => alertsIn(site.folder, many).some((alert) => alert.edge_count === 2), 'the second of two');
  await after.kill('SIGTERM');
  t.pass();
});
