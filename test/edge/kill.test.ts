/** Both sides are killed while alerts are raised: each is there once, with the right count. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { HostRulesJson } from '../../collector/api/json/host-rules.ts';
import { enrolFolder } from '../faults/start-agent.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';
import { act, alertsIn, ruleOf, runAgent, until } from './edge-scene.ts';

const ruleId = 'a5000000-0000-4000-8000-000000000001';
const word = 'edge-kill-act';
const acts = 12;

t.test('kill -9 of either side, again and again', async (t) => {
  const folder = tempFolder(t);
  const data = tempFolder(t);
  let server = await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', folder);
  const port = server.addresses.agents.split(':').at(-1) as string;
  await enrolFolder(join(data, 'agent'), folder);
  const settings = { backoffMinMs: 50, backoffMaxMs: 200, bundleTrialMs: 50 };
  writeFileSync(join(data, 'agent', 'config.json'), JSON.stringify(settings));
  let agent = await runAgent(t, data);
  const source = tempFolder(t);
  mkdirSync(join(source, 'rules'));
  writeFileSync(join(source, 'rules', 'word.yml'), ruleOf(word, ruleId));
  const pushed = vedette('rules', 'push', source, '--force-untested', '--no-starter-pack', '--data', folder);
  t.equal(pushed.status, 0, pushed.stderr);
  const inForce = () =>
    vedetteJson<HostRulesJson[]>('rules', 'status', '--data', folder)[0]?.status === 'in-force';
  await until(inForce, 'the bundle is in force');

  for (let n = 0; n < acts; n++) {
    await act(`${word} ${n}`);
    if (n % 4 === 1) {
      await server.end('SIGKILL');
      server = await Server.start(t, 'collector', '--port', '0', '--agent-port', port, '--data', folder);
    }
    if (n % 4 === 3) {
      // What was collected is in the outbox after a flush; before that a kill loses it, alert and event alike.
      await sleep(600);
      await agent.kill('SIGKILL');
      agent = await runAgent(t, data);
    }
  }
  await until(
    () => alertsIn(folder, ruleId).filter((a) => a.central_count === 1 && a.edge_count === 1).length === acts,
    'all alerts, of both sides',
  );
  const alerts = alertsIn(folder, ruleId);
  t.equal(alerts.length, acts);
  t.same(
    alerts.map(({ count }) => count),
    alerts.map(() => 1),
  );
  await agent.kill('SIGTERM');
  await server.end('SIGTERM');
});
