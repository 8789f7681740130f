import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import t, { type Test } from 'tap';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { Collected } from './collected.ts';
import { noKernelEvents, startKernel, until } from './kernel-host.ts';

const skip = process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/unshare');

/** A process that listens on UDP and TCP ports of a network namespace of its own. */
async function listener(t: Test): Promise<ChildProcess> {
  const script = `
    const { createSocket } = require('node:dgram');
    const { createServer } = require('node:net');
    createSocket('udp4').bind(5353, '0.0.0.0', () => createServer().listen(8080, '0.0.0.0', () => console.log('ready')));`;
  const child = spawn('/usr/bin/unshare', ['--net', process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
}

t.test(
  'sockets of another network namespace, sampled',
  { skip: skip && 'needs root and unshare' },
  async (t) => {
    const child = await listener(t);
    const namespace = /\d+/.exec(readlinkSync(`/proc/${child.pid}/ns/net`))?.[0];
    const sensors = createSensors({ intervalMs: { process: 50, network: 50 } });
    const got = new Collected();
    for (const sensor of sensors) {
      const { name } = sensor.describe();
      if (name !== 'process' && name !== 'network') continue;
      t.teardown(() => sensor.stop());
      await sensor.start(got.emit);
    }
    for (const [transport, port] of [
      ['udp', 5353],
      ['tcp', 8080],
    ] as const) {
      const is = (e: {
        'network.transport': string;
        'source.port': number;
        'process.pid'?: number | undefined;
      }) =>
        e['network.transport'] === transport && e['source.port'] === port && e['process.pid'] === child.pid;
      const listening = await got.until('network.connection', is);
      t.match(listening, { 'event.action': 'listening', 'network.namespace': namespace });
    }
    child.kill('SIGKILL');
    await got.until('network.connection', (e) => e['event.action'] === 'closed' && e['source.port'] === 5353);
    await got.until('network.connection', (e) => e['event.action'] === 'closed' && e['source.port'] === 8080);
    t.same(got.faults, []);
  },
);

t.test(
  'the same with the kernel telling of TCP',
  { skip: noKernelEvents || (skip && 'no unshare') },
  async (t) => {
    const { got } = await startKernel(t, ['network']);
    const child = await listener(t);
    const of = (port: number) =>
      got.of('network.connection').filter((e) => e['source.port'] === port && e['process.pid'] === child.pid);
    await until(() => of(5353).length > 0 && of(8080).length > 0, 'both');
    t.match(of(8080)[0], { 'event.action': 'listening', 'event.provider': 'tracefs' });
    t.match(of(5353)[0], { 'event.action': 'listening', 'event.provider': 'procfs' });
    t.equal(of(8080).length, 1);
    t.ok(of(8080)[0]?.['network.namespace']);
  },
);
