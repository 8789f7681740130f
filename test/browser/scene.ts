/** A collector's day, through the real store and bus, for the browser to look at. */
import type { NewAlert } from '../../collector/store/contract.ts';
import type { RunningApi } from '../collector/api/start.ts';
import { newAlert } from '../collector/store/control/new-alert.ts';

export const nowUs = () => Date.now() * 1000;

/** Markup, terminal escapes, a direction override and an invisible joiner. */
export const hostileCommand =
  '<img src=x onerror="window.owned=1"> \u001b[31mrm -rf /\u001b[0m \u202egnp.exe\u200d"><script>window.owned=1</script>';

const hosts = [
  ['h1', 'web-1', 'linux', 'Debian 12'],
  ['h2', 'db-primary.internal', 'linux', 'Ubuntu 24.04'],
  ['h3', 'ada-laptop', 'macos', '15.1'],
] as const;

export async function addHosts(api: RunningApi): Promise<void> {
  for (const [id, hostname, os, osVersion] of hosts) {
    const facts = { hostname, os, osVersion, kernel: '6.1.0-28', arch: 'x64', agentVersion: '0.1.0' };
    await api.deps.control.hosts.add(id, facts, nowUs());
    await api.deps.control.hosts.seen(id, nowUs() - (id === 'h3' ? 7_400_000_000 : 0), id !== 'h3');
  }
}

let sequence = 0;
export function addEvent(
  api: RunningApi,
  type: string,
  fields: Record<string, unknown>,
  host: (typeof hosts)[number] = hosts[0],
): void {
  api.events.events.push({
    id: `${host[0]}:s1:${sequence++}:0`,
    hostId: host[0],
    hostName: host[1],
    event: { type, time: nowUs(), ...fields } as NewAlert['event'],
  });
}

export function addEvents(api: RunningApi): void {
  for (const host of hosts.slice(0, 2)) {
    const sensors = [
      'process=kernel',
      'network=kernel',
      'login=followed',
      'package=sampled',
      'device=sampled',
    ];
    addEvent(
      api,
      'host.health',
      { 'agent.sensors': [...sensors, 'dns=unavailable (no right to read packets)'], 'host.cpu.usage': 0.12 },
      host,
    );
  }
  const commands = [
    'sshd: ada [priv]',
    'curl -fsS https://deb.debian.org/debian/dists/bookworm/InRelease',
    'ls -la /srv',
  ];
  for (let i = 0; i < 24; i++) {
    const command = commands[i % 3]!;
    addEvent(api, 'process.start', {
      'process.pid': 4000 + i,
      'process.entity_id': `p${i}`,
      'process.name': command.split(' ')[0],
      'process.command_line': command,
      'user.name': i % 3 === 0 ? 'root' : 'ada',
    });
    if (i % 3 === 0) {
      addEvent(api, 'network.connection', {
        'event.action': 'connected',
        'source.ip': '10.0.4.12',
        'destination.ip': '151.101.2.132',
        'destination.port': 443,
        'process.name': 'curl',
      });
    }
    if (i % 8 === 0) {
      const login = { 'event.action': 'failed', 'event.outcome': 'failure', 'user.name': 'oracle' };
      addEvent(api, 'login', { ...login, 'source.ip': '203.0.113.9', 'log.source': 'auth-log' });
    }
  }
}

export function addRates(api: RunningApi): void {
  const end = Math.floor(Date.now() / 1000);
  for (let second = end - 899; second <= end; second++) {
    const wave = 1 + Math.sin(second / 50) * 0.5 + Math.sin(second / 7) * 0.15;
    const burst = end - second > 300 && end - second < 340 ? 60 : 0;
    api.rates.push({
      second,
      counts: {
        'process.start': Math.round(22 * wave) + burst,
        'process.end': Math.round(20 * wave) + burst,
        'network.connection': Math.round(14 * wave),
        login: second % 9 === 0 ? 2 : 0,
        'host.health': second % 15 === 0 ? 2 : 0,
      },
    });
  }
}

const raised = (over: Partial<NewAlert>, id: string, secondsAgo: number): NewAlert => {
  const at = nowUs() - secondsAgo * 1_000_000;
  const base = newAlert(id, { raisedAt: at, firstEventAt: at, lastEventAt: at });
  return { ...base, event: { ...base.event, time: at }, ...over };
};

export const alerts: readonly (readonly [id: string, secondsAgo: number, over: Partial<NewAlert>])[] = [
  [
    'a-cred',
    5_400,
    {
      level: 'critical',
      ruleTitle: 'Shadow file read by a program that is not a login service',
      reason: 'cat read /etc/shadow as root, which only login services do.',
      count: 3,
    },
  ],
  [
    'a-pkg',
    2_700,
    {
      level: 'low',
      ruleTitle: 'Package installed outside the maintenance window',
      hostId: 'h2',
      hostName: 'db-primary.internal',
      reason: 'socat was installed at 03:12 by root.',
      tags: [],
    },
  ],
  [
    'a-dl',
    640,
    {
      level: 'medium',
      ruleTitle: 'Download piped into a shell',
      reason: 'curl wrote to a shell started by the same command line.',
      count: 12,
    },
  ],
  [
    'a-info',
    300,
    {
      level: 'informational',
      ruleTitle: 'First sign-in from a new network',
      reason: 'ada signed in from 198.51.100.0/24 for the first time.',
      tags: ['attack.initial-access', 'attack.t1078'],
    },
  ],
];

/** Stores the event of an alert, so that its tree and evidence are there. */
export function addEventOf(api: RunningApi, alert: NewAlert): void {
  api.events.events.push({
    id: alert.eventIds[0] ?? '',
    hostId: alert.hostId,
    hostName: alert.hostName,
    event: alert.event,
  });
}

/** Makes one story of alerts that are committed. */
export async function relate(api: RunningApi, ...ids: readonly string[]): Promise<void> {
  const { alerts: kept, stories } = api.deps.control;
  const relations = [{ token: ids.join(), limitUs: 30 * 86_400e6, isBetweenHosts: false }];
  const placements = await Promise.all(
    ids.map(async (alertId) => {
      const { firstEventAt, lastEventAt } = (await kept.get(alertId))!;
      return { alertId, firstEventAt, lastEventAt, relations };
    }),
  );
  await stories.place(placements);
}

/** Commits alerts as the pipeline does and publishes what the store says. */
export async function raise(api: RunningApi, ...more: NewAlert[]): Promise<void> {
  const { control, bus } = api.deps;
  const cursor = (await control.detection.cursor()) + 1;
  for (const change of await control.detection.commit(cursor, more)) await bus.publish('alert', change);
}

export const raisedAgo = raised;
