/** The line from this host to an alert, driven as a user drives it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { AlertJson } from '../../collector/api/json/alert.ts';
import type { EventJson } from '../../collector/api/json/event.ts';
import type { HostJson } from '../../collector/api/json/host.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import type { ActReport } from '../../collector/cli/demo/run.ts';
import { tempFolder } from '../temp.ts';
import { Server, top, vedette, vedetteJson } from '../vedette.ts';

const data = tempFolder(t);
const status = () => vedetteJson<StatusJson>('status', '--data', data);

async function until<T>(what: () => T | undefined): Promise<T> {
  for (;;) {
    const value = what();
    if (value !== undefined) return value;
    await sleep(100);
  }
}

t.test('up, demo, queries, SIGKILL and again', async (t) => {
  const up = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', '--data', data);
  t.match(up.addresses, { api: /^http:\/\/127\.0\.0\.1:\d+$/, agents: /:\d+$/, signIn: /#sign-in=/ });
  t.match(readFileSync(up.addresses.tokenFile, 'utf8'), /^\S{40,}\n$/);
  const [host] = await until(() => {
    const hosts = vedetteJson<HostJson[]>('hosts', '--data', data);
    return hosts[0]?.connected === true ? hosts : undefined;
  });
  t.match(host, { connected: true, os: 'linux' });

  await t.test('the demo has every act alerted', async (t) => {
    const { acts, summary } = vedetteJson<{ acts: ActReport[]; summary: Record<string, number> }>(
      'demo',
      '--data',
      data,
    );
    for (const act of acts) t.not(act.outcome, 'missed', `${act.act}: ${act.outcome} ${act.detail ?? ''}`);
    t.ok((summary['alerted'] ?? 0) >= 8);
  });

  await t.test('hosts, events and alerts answer from another terminal', async (t) => {
    const events = vedetteJson<EventJson[]>(
      'events',
      '--type',
      'process.start',
      '--limit',
      '5',
      '--data',
      data,
    );
    t.equal(events.length, 5);
    t.ok(events.every((e) => e['event.dataset'] === 'process.start' && e['host.id'] === host?.id));
    for (const type of ['network.connection', 'package.state', 'host.health']) {
      t.ok(
        vedetteJson<EventJson[]>('events', '--type', type, '--limit', '1', '--data', data).length === 1,
        type,
      );
    }
    const found = vedetteJson<EventJson[]>('events', '--text', '/etc/SHADOW', '--limit', '1', '--data', data);
    t.match(JSON.stringify(found[0]), /\/etc\/shadow/i);
    const alerts = vedetteJson<AlertJson[]>('alerts', '--data', data);
    t.ok(alerts.length >= 8);
    const [alert] = alerts;
    t.ok(alert?.reason && alert.matches.length > 0 && alert.eventIds.length > 0);
    t.equal(vedette('alerts', 'acknowledge', alert!.id, '--note', 'seen', '--data', data).status, 0);
    t.match(vedetteJson('alerts', 'show', alert!.id, '--data', data), {
      status: 'acknowledged',
      note: 'seen',
      changedBy: 'cli',
    });
    t.equal(vedetteJson<AlertJson>('alerts', 'close', alert!.id, '--data', data).status, 'closed');
    t.match(vedetteJson<{ url: string }>('sign-in', '--data', data).url, /#sign-in=[\w-]{20,}$/);
    for (const command of ['status', 'hosts', 'events', 'alerts', 'health']) {
      const run = vedette(command, '--data', data);
      t.equal(run.status, 0, `${command}: ${run.stderr}`);
      t.ok(run.stdout.length > 0);
    }
  });

  await t.test('events can be followed as they arrive', async (t) => {
    const marker = `follow-${process.pid}-${Date.now()}`;
    const args = [
      'scripts/vedette.mjs',
      'events',
      '--follow',
      '--json',
      '--type',
      'process.start',
      '--data',
      data,
    ];
    const following = spawn(process.execPath, args, { cwd: top, stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => following.kill());
    await sleep(1000);
    const act = spawn('/bin/sh', ['-c', `sleep 30 # ${marker} \u001b[31m`], { stdio: 'ignore' });
    t.teardown(() => act.kill('SIGKILL'));
    for await (const line of createInterface({ input: following.stdout })) {
      const event = JSON.parse(line) as EventJson;
      if (!String(event['process.command_line']).includes(marker)) continue;
      t.match(event, { 'event.dataset': 'process.start', 'process.pid': act.pid });
      break;
    }
    const shown = vedette('events', '--text', marker, '--data', data).stdout;
    t.match(shown, '\\u{1b}[31m', 'escape codes are shown, not obeyed');
    t.notMatch(shown, '\u001b');
  });

  await t.test('after SIGKILL everything is accounted for, once', async (t) => {
    const before = status();
    await up.end('SIGKILL');
    const again = await Server.start(t, 'up', '--port', '0', '--agent-port', '0', '--data', data);
    const after = await until(() => {
      const now = status();
      return now.hosts[0]?.connected === true && now.journal.events > before.journal.events ? now : undefined;
    });
    t.equal(after.hosts.length, 1, 'it is the same host');
    t.match(after.hosts[0], { duplicates: 0, unaccounted: 0, lost: 0 }, JSON.stringify(after.hosts[0]));
    t.equal(after.hosts[0]?.collected, after.hosts[0]?.stored);
    t.ok(after.alerts.closed >= 1, 'alerts are kept');
    await again.end('SIGTERM');
    t.equal(again.child.exitCode, 0, 'it ends well when asked to');
  });
});
