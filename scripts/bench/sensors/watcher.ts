/**
 * Runs the process and network sensors and counts what they tell of the storms of `scripts/bench/sensors.ts`, whose
 * child this is. Arguments: name of the trace instance (`-` to sample), where arguments come from (`auto`, `proc`).
 * Says `ready` once the sensors run, and on `report` what it counted.
 */
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { createSensors } from '../../../agent/sensors/registry.ts';
import { markOf, type WatcherReport } from './storm.ts';

const [instance = '-', argumentsFrom = 'auto'] = process.argv.slice(2);

const seen = { executed: 0, withCommandLine: new Set<string>(), withParent: 0, ended: 0 };
const connections = { connected: 0, accepted: 0, owned: 0, closed: 0, withBytes: 0 };
let lost = 0;

function take(event: AnyEvent): void {
  if (event.type === 'loss') lost += event['loss.count'];
  if (event['event.baseline'] === true) return;
  if (event.type === 'process.start' && event['process.name'] === 'true') {
    seen.executed++;
    const mark = markOf(event['process.command_line']);
    if (mark !== undefined) seen.withCommandLine.add(mark);
    if (event['process.parent.entity_id'] !== undefined) seen.withParent++;
  }
  if (event.type === 'process.end' && event['process.name'] === 'true') seen.ended++;
  if (event.type === 'network.connection') takeConnection(event);
}

function takeConnection(event: Extract<AnyEvent, { type: 'network.connection' }>): void {
  if (event['event.action'] === 'connected') connections.connected++;
  if (event['event.action'] === 'accepted') connections.accepted++;
  if (event['event.action'] === 'closed' && event['destination.ip'] !== undefined) {
    connections.closed++;
    if (event['source.bytes'] !== undefined) connections.withBytes++;
  }
  const isOpening = event['event.action'] === 'connected' || event['event.action'] === 'accepted';
  if (isOpening && event['process.entity_id'] !== undefined) connections.owned++;
}

const sensors = createSensors({
  intervalMs: { process: 1000, network: 1000 },
  trace: { instance: instance === '-' ? '' : instance, probes: argumentsFrom === 'auto' },
}).filter((sensor) => ['process', 'network'].includes(sensor.describe().name));

for (const sensor of sensors) await sensor.start(take);
const states = sensors.map((sensor) => sensor.state());
const modes = states.map((state) => (state.status === 'running' ? state.mode : state.status));
process.send?.({ ready: modes });

let before = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'begin') before = process.cpuUsage();
  if (message !== 'report') return;
  const { user, system } = process.cpuUsage(before);
  const report: WatcherReport = {
    ...seen,
    withCommandLine: seen.withCommandLine.size,
    ...connections,
    lost,
    cpuS: (user + system) / 1e6,
  };
  process.send?.(report);
});
process.on('disconnect', () => {
  void Promise.all(sensors.map((sensor) => sensor.stop())).then(() => process.exit(0));
});
