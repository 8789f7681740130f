import { bytes, print, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AgentStatus, SensorStatus } from './status.ts';

function share(value: number): string {
  return `${(value * 100).toFixed(2)} %`;
}

function rate(value: number): string {
  return value === 0 ? '0' : value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function modeOf({ state }: SensorStatus): string {
  return state.status === 'running' ? state.mode : state.status;
}

function aboutOf({ state }: SensorStatus): string {
  if (state.status === 'running') return state.note ?? '';
  return state.status === 'stopped' ? '' : state.reason;
}

function sinceOf({ state }: SensorStatus): string {
  return state.status === 'stopped' ? '' : shortTime(new Date(state.sinceAt / 1000).toISOString());
}

function rulesLines({ rules }: AgentStatus): string[] {
  if (rules === undefined) return [];
  const { status, version, digest, code, detail } = rules;
  const which = version === 0 ? '' : ` bundle ${version} (${digest.slice(0, 12)})`;
  const refused = code === '' ? [] : [printable(`refused  ${code}: ${detail}`)];
  return [`rules    ${status}${which}`, ...refused];
}

/** Prints what the agent does, for people. */
export function showStatus(status: AgentStatus): void {
  const { memory, cpu, outbox } = status;
  const since = shortTime(new Date(status.startedAt / 1000).toISOString());
  print(`agent    ${status.hostId} (${status.instance}), pid ${status.pid}, since ${since}`);
  print(`uplink   ${status.isConnected ? 'connected' : 'not connected'}`);
  print(`outbox   ${outbox.events} events, ${bytes(outbox.sizeBytes)}`);
  print(`memory   ${bytes(memory.rssBytes)} of ${bytes(memory.budgetBytes)}`);
  print(`cpu      ${share(cpu.share)} of a processor over the last minute, budget ${share(cpu.budgetShare)}`);
  for (const { name, reason, sinceAt } of status.shed) {
    print(
      `at rest  ${name} since ${shortTime(new Date(sinceAt / 1000).toISOString())}: ${printable(reason)}`,
    );
  }
  for (const line of rulesLines(status)) print(line);
  print('');
  printTable<SensorStatus>(
    [
      { title: 'sensor', of: (sensor) => sensor.name },
      { title: 'mode', of: modeOf },
      { title: 'since', of: sinceOf },
      { title: 'events', of: (sensor) => String(sensor.events), align: 'right' },
      { title: 'per s', of: (sensor) => rate(sensor.eventsPerSecond), align: 'right' },
      { title: 'lost', of: (sensor) => String(sensor.lost), align: 'right' },
      { title: 'cpu', of: (sensor) => share(sensor.cpuShare), align: 'right' },
    ],
    status.sensors,
    'no sensors',
  );
  const noted = status.sensors.filter((sensor) => aboutOf(sensor) !== '');
  if (noted.length > 0) print('');
  for (const sensor of noted) print(`${sensor.name.padEnd(8)} ${printable(aboutOf(sensor))}`);
}
