/** An agent as a process of its own: how it is asked, refused, ended, killed, and what it says when it loses events. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { AgentStatus } from '../../agent/status.ts';
import type { AlertJson } from '../../collector/api/json/alert.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { instanceName, noKernelEvents, tracefs } from '../agent/sensors/kernel-host.ts';
import { enrolFolder } from '../faults/start-agent.ts';
import { tempFolder } from '../temp.ts';
import { launcher, Server, top, vedette, vedetteJson } from '../vedette.ts';

const patienceMs = 60_000;
/** The rule `events-lost` of the pack. */
const eventsLost = '47ff6648-d133-4f89-994b-cb649eff2672';

async function until<T>(what: () => T | undefined, name: string): Promise<T> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const value = what();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`never: ${name}`);
    await sleep(100);
  }
}

interface Agent {
  readonly child: ChildProcess;
  readonly stderr: () => string;
}

/** Starts an agent; resolves once it runs, or has ended. */
async function startAgent(t: Test, data: string, instance: string): Promise<Agent> {
  const child = spawn(process.execPath, [launcher, 'agent', '--data', data, '--json'], {
    cwd: top,
    env: { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_INSTANCE: instance },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-20_000);
  });
  await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  child.stdout.resume();
  return { child, stderr: () => stderr };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number> {
  const ended = once(child, 'exit');
  const beganMs = performance.now();
  child.kill(signal);
  await ended;
  return performance.now() - beganMs;
}

/** What is in the kernel of an agent of this name. */
function tracesOf(instance: string): string[] {
  if (noKernelEvents) return [];
  const probes = readFileSync(join(tracefs, 'uprobe_events'), 'utf8');
  return [
    ...readdirSync(join(tracefs, 'instances')).filter((name) => name.startsWith(instance)),
    ...probes.split('\n').filter((line) => line.startsWith(`p:${instance.replaceAll('-', '_')}_`)),
  ];
}

const collected = tempFolder(t);
const collector = await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', collected);

async function enrolled(t: Test, settings: Record<string, unknown> = {}): Promise<string> {
  const data = tempFolder(t);
  await enrolFolder(join(data, 'agent'), collected);
  writeFileSync(join(data, 'agent/config.json'), JSON.stringify({ packetCapture: 'off', ...settings }));
  return data;
}

t.test('asked how it does, by people and programs', async (t) => {
  const data = await enrolled(t);
  const none = vedette('agent', 'status', '--data', data);
  t.equal(none.status, 1);
  t.match(none.stderr, /agent\.not_running/);
  t.equal(none.stdout, '');
  const asJson = vedette('agent', 'status', '--data', data, '--json');
  t.equal(asJson.status, 1);
  t.match(JSON.parse(asJson.stderr), { error: { code: 'agent.not_running' } });
  const instance = instanceName();
  const { child } = await startAgent(t, data, instance);
  const status = await until(() => {
    const now = vedetteJson<AgentStatus>('agent', 'status', '--data', data);
    return now.isConnected ? now : undefined;
  }, 'connected');
  t.match(status, { instance, pid: child.pid, shed: [], outbox: { events: Number } });
  t.ok(status.memory.rssBytes > 2 ** 24 && status.memory.rssBytes < status.memory.budgetBytes);
  const ofProcess = status.sensors.find(({ name }) => name === 'process');
  t.match(ofProcess, { state: { status: 'running', mode: noKernelEvents ? 'sampled' : 'kernel' }, lost: 0 });
  t.ok((ofProcess?.events ?? 0) > 0);
  const shown = vedette('agent', 'status', '--data', data);
  t.equal(shown.status, 0);
  for (const text of [instance, `pid ${child.pid}`, 'connected', 'SENSOR', 'process', 'network']) {
    t.ok(shown.stdout.includes(text), text);
  }
  const ms = await end(child, 'SIGTERM');
  t.equal(child.exitCode, 0);
  t.comment(`SIGTERM to end: ${ms.toFixed(0)} ms`);
  t.equal(vedette('agent', 'status', '--data', data).status, 1);
});

t.test('settings that are wrong are refused by name', async (t) => {
  for (const [settings, instance, about] of [
    [{ instance: 'two words' }, undefined, /config\.invalid.*instance/],
    [{ instance: '../../up' }, undefined, /config\.invalid.*instance/],
    [{}, 'a/b', /config\.invalid.*instance/],
    [{}, '', /config\.invalid.*instance/],
    [{ kernelBufferKib: 1 }, undefined, /config\.invalid.*kernelBufferKib/],
    [{ nosuch: 1 }, undefined, /config\.invalid.*nosuch/],
  ] as const) {
    const data = await enrolled(t, settings);
    const { VEDETTE_INSTANCE: _, ...env } = process.env;
    const run = spawnSync(process.execPath, [launcher, 'agent', '--data', data], {
      cwd: top,
      encoding: 'utf8',
      env: { ...env, NODE_OPTIONS: '', ...(instance === undefined ? {} : { VEDETTE_INSTANCE: instance }) },
      timeout: patienceMs,
    });
    t.equal(run.status, 1, JSON.stringify(settings));
    t.match(run.stderr, about);
  }
});

const asRoot = process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/run');

t.test(
  'a second of the same name is refused, one of another runs beside it',
  { skip: asRoot ? false : 'needs root on Linux' },
  async (t) => {
    const instance = instanceName();
    const other = `${instance}-b`;
    const [one, two] = [await enrolled(t), await enrolled(t)];
    const first = await startAgent(t, one, instance);
    t.equal(first.child.exitCode, null, first.stderr());
    const same = await startAgent(t, two, instance);
    t.equal(same.child.exitCode, 1);
    t.match(JSON.parse(same.stderr().trim().split('\n').at(-1) ?? ''), {
      error: { code: 'agent.already_running' },
    });
    const second = await startAgent(t, two, other);
    t.equal(second.child.exitCode, null, second.stderr());
    if (!noKernelEvents) {
      for (const data of [one, two]) {
        const { sensors } = vedetteJson<AgentStatus>('agent', 'status', '--data', data);
        t.match(sensors.find(({ name }) => name === 'process')?.state, { mode: 'kernel' });
      }
      t.ok(tracesOf(other).length > 0);
    }
    await end(second.child, 'SIGTERM');
    t.same(tracesOf(other), []);
    t.ok(noKernelEvents || tracesOf(instance).length > 0, 'the first is left alone');
    await end(first.child, 'SIGTERM');
    // The same folder and name again, at once.
    const again = await startAgent(t, one, instance);
    t.equal(again.child.exitCode, null, again.stderr());
    await end(again.child, 'SIGTERM');
  },
);

t.test('what it has in the kernel goes with it, or with the next', { skip: noKernelEvents }, async (t) => {
  const data = await enrolled(t);
  const instance = instanceName();
  const { child } = await startAgent(t, data, instance);
  t.ok(tracesOf(instance).length > 2, 'instances and probes');
  await end(child, 'SIGKILL');
  t.ok(tracesOf(instance).length > 2, 'left over');
  const next = await startAgent(t, data, instance);
  t.equal(next.child.exitCode, null, next.stderr());
  const { sensors } = vedetteJson<AgentStatus>('agent', 'status', '--data', data);
  t.match(sensors.find(({ name }) => name === 'process')?.state, { mode: 'kernel' });
  // Nobody reads the kernel's events while it stands still, and it has many to throw away at its end.
  next.child.kill('SIGSTOP');
  spawnSync('/bin/sh', ['-c', 'i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i + 1)); done']);
  next.child.kill('SIGCONT');
  const ms = await end(next.child, 'SIGTERM');
  t.equal(next.child.exitCode, 0, 'by itself, not by its own deadline');
  t.comment(`SIGTERM to end after a storm: ${ms.toFixed(0)} ms`);
  t.same(tracesOf(instance), []);
});

t.test(
  'what the kernel overran arrives as a loss, is in the ledger, and raises the alert',
  { skip: noKernelEvents },
  async (t) => {
    const data = await enrolled(t, { kernelBufferKib: 256 });
    const instance = instanceName();
    const { child } = await startAgent(t, data, instance);
    child.kill('SIGSTOP');
    const storm = 'i=0; while [ $i -lt 2500 ]; do /bin/true; i=$((i + 1)); done';
    t.equal(spawnSync('/bin/sh', ['-c', storm]).status, 0);
    child.kill('SIGCONT');
    const { hostId } = JSON.parse(readFileSync(join(data, 'agent/identity.json'), 'utf8')) as {
      hostId: string;
    };
    const own = await until(() => {
      const now = vedetteJson<AgentStatus>('agent', 'status', '--data', data);
      return now.sensors.find(({ name, lost }) => name === 'process' && lost > 0);
    }, 'the agent says so');
    const ledger = await until(() => {
      const { hosts } = vedetteJson<StatusJson>('status', '--data', collected);
      return hosts.find(
        (host) => host.hostId === hostId && (host.lostByReason['sensor-overrun/kernel'] ?? 0) >= own.lost,
      );
    }, 'in the ledger');
    t.equal(ledger.unaccounted, 0);
    t.equal(ledger.duplicates, 0);
    const alert = await until(() => {
      const alerts = vedetteJson<AlertJson[]>('alerts', '--data', collected);
      return alerts.find((one) => one.ruleId === eventsLost && one.hostId === hostId);
    }, 'the alert');
    t.match(alert.event, {
      'event.dataset': 'loss',
      'loss.reason': 'sensor-overrun',
      'loss.sensor': 'kernel',
    });
    const text = vedette('status', '--data', collected).stdout;
    t.match(text, /lost/i);
    await end(child, 'SIGTERM');
  },
);

t.test('the collector ends well', async (t) => {
  await collector.end('SIGTERM');
  t.equal(collector.child.exitCode, 0);
});
