import type { EventJson } from '../../../api/json/event.ts';
import type { LiveRow } from '../../data/live-query.ts';
import { sizeOf } from '../../text/figures.ts';

/** One column of a live table: a column of the host's own table, or what stands for it in stored events. */
export interface LiveColumn {
  readonly name: string;
  readonly title: string;
  readonly width: number;
  readonly grows?: true;
  readonly align?: 'end';
  readonly isHidden?: true;
  readonly form?: 'seconds' | 'bytes';
}

/** Something of a host's present state: asked of the host itself, else told from stored events. */
export interface LiveTable {
  readonly tab: string;
  readonly title: string;
  /** Asked of the host (docs/reference/tables.md). */
  readonly sql: string;
  readonly columns: readonly LiveColumn[];
  /** Types of events it can be told from. */
  readonly types: readonly string[];
  /** Rows as the events, the newest first, tell them; what they cannot tell is said in `storedWords`. */
  readonly fromEvents: (events: readonly EventJson[]) => readonly LiveRow[];
  readonly storedWords: string;
}

type Cell = string | number | null;

const cell = (event: EventJson, field: string): Cell => {
  const value = event[field];
  return typeof value === 'string' || typeof value === 'number' ? value : null;
};
const secondsOf = (event: EventJson) => Math.floor(Date.parse(event['@timestamp']) / 1000);

/** A row of each event: column by field. */
function rowsBy(fields: Readonly<Record<string, string>>, timeColumn: string) {
  return (events: readonly EventJson[]): readonly LiveRow[] =>
    events.map((event) => ({
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, cell(event, field)])),
      [timeColumn]: secondsOf(event),
    }));
}

/** Processes that were seen to start and not to end. */
function runningProcesses(events: readonly EventJson[]): readonly LiveRow[] {
  const ended = new Set<unknown>();
  const rows: LiveRow[] = [];
  for (const event of events) {
    const entity = event['process.entity_id'];
    if (event['event.dataset'] === 'process.end') ended.add(entity);
    else if (!ended.has(entity)) {
      rows.push({
        ...{ pid: cell(event, 'process.pid'), parent: cell(event, 'process.parent.pid') },
        ...{ name: cell(event, 'process.name'), cmdline: cell(event, 'process.command_line') },
        ...{ user: cell(event, 'user.name'), path: cell(event, 'process.executable') },
        ...{ start_time: secondsOf(event), entity_id: cell(event, 'process.entity_id') },
      });
      // An earlier start of the same is the program it ran before.
      ended.add(entity);
    }
  }
  return rows;
}

/** The newest that is told of each, by a key; those taken away are left out. */
function newestOf(
  keyField: string,
  isGone: (event: EventJson) => boolean,
  rowsOf: (events: readonly EventJson[]) => readonly LiveRow[],
) {
  return (events: readonly EventJson[]) => {
    const seen = new Set<unknown>();
    const kept = events.filter((event) => {
      const key = `${String(event[keyField])} ${String(event['package.type'] ?? '')}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return !isGone(event);
    });
    return rowsOf(kept);
  };
}

const isRemoved = (event: EventJson) => event['event.action'] === 'removed';

export const liveTables: readonly LiveTable[] = [
  {
    ...{ tab: 'processes', title: 'Processes' },
    sql: `SELECT p.pid, p.parent, p.name, coalesce(nullif(p.cmdline, ''), p.path, p.name) AS cmdline, u.username AS user,
      p.start_time, p.resident_size, p.path, p.container_id, p.entity_id
      FROM processes p LEFT JOIN users u ON u.uid = p.uid ORDER BY p.start_time DESC`,
    columns: [
      { name: 'pid', title: 'Pid', width: 76, align: 'end' },
      { name: 'name', title: 'Name', width: 130 },
      { name: 'cmdline', title: 'Command line', width: 300, grows: true },
      { name: 'user', title: 'User', width: 100 },
      { name: 'start_time', title: 'Started', width: 110, form: 'seconds' },
      { name: 'resident_size', title: 'Memory', width: 90, align: 'end', form: 'bytes' },
      { name: 'parent', title: 'Parent', width: 76, align: 'end' },
      { name: 'path', title: 'File', width: 200, isHidden: true },
      { name: 'container_id', title: 'Container', width: 120, isHidden: true },
    ],
    types: ['process.start', 'process.end'],
    fromEvents: runningProcesses,
    storedWords: 'Processes that were seen to start and not to end, in the newest 1,000 such events.',
  },
  {
    ...{ tab: 'connections', title: 'Connections' },
    sql: `SELECT s.pid, p.name, CASE s.protocol WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' ELSE s.protocol END AS protocol,
      s.local_address, s.local_port, s.remote_address, s.remote_port, s.state
      FROM process_open_sockets s LEFT JOIN processes p ON p.pid = s.pid
      WHERE s.family IN (2, 10) ORDER BY s.state, s.remote_address`,
    columns: [
      { name: 'name', title: 'Process', width: 140, grows: true },
      { name: 'pid', title: 'Pid', width: 76, align: 'end' },
      { name: 'protocol', title: 'Protocol', width: 84 },
      { name: 'local_address', title: 'Here', width: 150 },
      { name: 'local_port', title: 'Port', width: 70, align: 'end' },
      { name: 'remote_address', title: 'There', width: 170 },
      { name: 'remote_port', title: 'Port', width: 70, align: 'end' },
      { name: 'state', title: 'State', width: 120 },
    ],
    types: ['network.connection'],
    fromEvents: rowsBy(
      {
        ...{ pid: 'process.pid', name: 'process.name', protocol: 'network.transport', state: 'event.action' },
        ...{ local_address: 'source.ip', local_port: 'source.port' },
        ...{ remote_address: 'destination.ip', remote_port: 'destination.port' },
      },
      'time',
    ),
    storedWords: 'The newest 1,000 connections that were seen, ended ones too.',
  },
  {
    ...{ tab: 'packages', title: 'Packages' },
    sql: 'SELECT name, version, type, arch, size, install_time FROM packages ORDER BY name',
    columns: [
      { name: 'name', title: 'Package', width: 220, grows: true },
      { name: 'version', title: 'Version', width: 200 },
      { name: 'type', title: 'Kind', width: 80 },
      { name: 'arch', title: 'Architecture', width: 110 },
      { name: 'size', title: 'Size', width: 90, align: 'end', form: 'bytes' },
      { name: 'install_time', title: 'Installed', width: 120, form: 'seconds' },
    ],
    types: ['package.state', 'package.change'],
    fromEvents: newestOf(
      'package.name',
      isRemoved,
      rowsBy(
        {
          ...{ name: 'package.name', version: 'package.version', type: 'package.type' },
          ...{ arch: 'package.architecture', size: 'package.size' },
        },
        'install_time',
      ),
    ),
    storedWords: 'Packages of the newest 1,000 events about packages; there may be more.',
  },
  {
    ...{ tab: 'logins', title: 'Logins' },
    sql: `SELECT 'signed in now' AS what, user, tty, host, time FROM logged_in_users WHERE type = 'user'
      UNION ALL SELECT type_name, username, tty, host, time FROM last WHERE type IN (7, 8) ORDER BY time DESC LIMIT 2000`,
    columns: [
      { name: 'time', title: 'When', width: 120, form: 'seconds' },
      { name: 'what', title: 'What', width: 140 },
      { name: 'user', title: 'User', width: 140, grows: true },
      { name: 'host', title: 'From', width: 180 },
      { name: 'tty', title: 'Terminal', width: 100 },
    ],
    types: ['login'],
    fromEvents: rowsBy(
      { what: 'event.action', user: 'user.name', host: 'source.ip', tty: 'process.tty' },
      'time',
    ),
    storedWords: 'The newest 1,000 logins, attempts and logouts that were seen.',
  },
  {
    ...{ tab: 'devices', title: 'Devices' },
    sql: 'SELECT kind, name, bus, vendor, model, serial, id FROM devices ORDER BY kind, name',
    columns: [
      { name: 'kind', title: 'Kind', width: 100 },
      { name: 'name', title: 'Name', width: 200, grows: true },
      { name: 'bus', title: 'Bus', width: 90 },
      { name: 'vendor', title: 'Maker', width: 160 },
      { name: 'model', title: 'Model', width: 180 },
      { name: 'serial', title: 'Serial number', width: 140 },
      { name: 'id', title: 'Path', width: 220, isHidden: true },
    ],
    types: ['device.change'],
    fromEvents: newestOf(
      'device.id',
      isRemoved,
      rowsBy(
        {
          ...{ kind: 'device.kind', name: 'device.name', bus: 'device.bus', id: 'device.id' },
          ...{ vendor: 'device.manufacturer', model: 'device.model.name', serial: 'device.serial_number' },
        },
        'time',
      ),
    ),
    storedWords: 'Devices of the newest 1,000 events about devices.',
  },
  {
    ...{ tab: 'sensors', title: 'Sensors' },
    sql: 'SELECT name, status, mode, note, events, lost, events_per_second, cpu_percent FROM vedette_sensors ORDER BY name',
    columns: [
      { name: 'name', title: 'Sensor', width: 120 },
      { name: 'status', title: 'Status', width: 100 },
      { name: 'mode', title: 'Mode', width: 90 },
      { name: 'note', title: 'Why', width: 220, grows: true },
      { name: 'events_per_second', title: 'Events/s', width: 90, align: 'end' },
      { name: 'events', title: 'Events', width: 90, align: 'end' },
      { name: 'lost', title: 'Lost', width: 80, align: 'end' },
      { name: 'cpu_percent', title: '% of a core', width: 100, align: 'end' },
    ],
    types: [],
    fromEvents: () => [],
    storedWords: 'Only the host itself knows. What it said of its sensors last is on the first tab.',
  },
];

/** A cell as text. */
export function liveText({ form }: LiveColumn, value: Cell | undefined): string {
  if (value === null || value === undefined) return '';
  if (form === 'bytes' && typeof value === 'number') return sizeOf(value);
  if (form === 'seconds' && typeof value === 'number') return new Date(value * 1000).toISOString();
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value);
}
