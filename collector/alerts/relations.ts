/**
 * What relates one alert to another, so that the alerts of one attack are one story and those of a whole host are not.
 * Two alerts are related when both bear a token and no more time than the token's limit lies between them.
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { EventRow } from '#shared/schema/columns.ts';
import type { Alert, Level } from '../store/contract.ts';

export interface Relation {
  readonly token: string;
  /** Longest time between two alerts that it relates. Microseconds. */
  readonly limitUs: number;
  /** Relates alerts of different hosts only. */
  readonly isBetweenHosts: boolean;
}

const minuteUs = 60_000_000;

/** Longest time between related alerts, by what they share. */
export const relationLimits = {
  process: 240 * minuteUs,
  file: 240 * minuteUs,
  address: 60 * minuteUs,
  user: 10 * minuteUs,
  lateral: 30 * minuteUs,
} as const;

/** What everything on a host descends from: to share one says nothing. */
const roots =
  /^(?:systemd|init|kthreadd|sshd(?:-session)?|cron|crond|atd|login|agetty|containerd(?:-shim.*)?|dockerd|conmon|podman|runc|runsvdir|supervisord|tini|dumb-init|xinetd|gdm.*|lightdm|gnome-shell|dbus-daemon|polkitd|rsyslogd|auditd)$/;

/** Places where programs and files are put by somebody, not by a package. */
const own =
  /^(?:\/tmp|\/var\/tmp|\/dev\/shm|\/home|\/root|\/run\/user|\/srv|\/var\/www|\/mnt|\/media|memfd:)/;

/** Below these levels an alert tells too little for an address or a user to make it part of an attack. */
const telling: ReadonlySet<Level> = new Set(['medium', 'high', 'critical']);

/** A process of a chain, by what its events call it. */
export interface ChainProcess {
  readonly entityId: string | null;
  readonly name: string | null;
}

/** Whether a process is one that everything descends from, so that chains end at it. */
export function isRoot(name: string | null): boolean {
  return name !== null && roots.test(name);
}

const textOf = (event: EventRow, field: string): string | undefined => {
  const value = event[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const nameOf = (path: string | undefined) => path?.slice(path.lastIndexOf('/') + 1);

/** `chain` are the process of the alert and its ancestors, the nearest first, where they are known. */
export function relationsOf(alert: Alert, chain: readonly ChainProcess[] = []): readonly Relation[] {
  const { event, hostId, level } = alert;
  const found = new Map<string, Relation>();
  const add = (kind: keyof typeof relationLimits, value: string | undefined, isBetweenHosts = false) => {
    if (value === undefined) return;
    const token = `${kind}:${isBetweenHosts ? 'between:' : ''}${value}`;
    found.set(token, { token, limitUs: relationLimits[kind], isBetweenHosts });
  };
  for (const entity of processesOf(event, chain)) add('process', `${hostId}:${entity}`);
  for (const path of filesOf(event)) add('file', `${hostId}:${path}`);
  if (!telling.has(level)) return [...found.values()];
  const { remote, source } = addressesOf(event);
  add('address', remote);
  if (source !== undefined) add('lateral', `from ${source}`, true);
  const user = textOf(event, 'user.name');
  if (user !== undefined && user !== 'root') {
    add('user', `${hostId}:${user}`);
    add('lateral', `as ${user}`, true);
  }
  return [...found.values()];
}

function* processesOf(event: EventRow, chain: readonly ChainProcess[]): Generator<string> {
  const self = textOf(event, 'process.entity_id');
  const selfName = textOf(event, 'process.name') ?? nameOf(textOf(event, 'process.executable')) ?? null;
  if (self !== undefined && !isRoot(selfName)) yield self;
  const parent = textOf(event, 'process.parent.entity_id');
  const parentName =
    textOf(event, 'process.parent.name') ?? nameOf(textOf(event, 'process.parent.executable')) ?? null;
  if (parent !== undefined && parentName !== null && !isRoot(parentName)) yield parent;
  const target = textOf(event, 'process.target.entity_id');
  if (target !== undefined && !isRoot(textOf(event, 'process.target.name') ?? null)) yield target;
  for (const { entityId, name } of chain) {
    if (isRoot(name)) return;
    if (entityId !== null && name !== null) yield entityId;
  }
}

function* filesOf(event: EventRow): Generator<string> {
  for (const field of ['file.path', 'file.target_path', 'file.previous.path', 'process.executable']) {
    const path = textOf(event, field);
    if (path !== undefined && own.test(path)) yield path;
  }
}

/** The other side, and from where something came to a host of ours or went to one. */
function addressesOf(event: EventRow): { readonly remote?: string; readonly source?: string } {
  const from = usable(textOf(event, 'source.ip'));
  const to = usable(textOf(event, 'destination.ip'));
  const isOutgoing = event['network.initiated'] === true || (from === undefined && to !== undefined);
  if (isOutgoing)
    return {
      ...(to !== undefined && { remote: to }),
      ...(from !== undefined && to !== undefined && isPrivate(to) && { source: from }),
    };
  return from === undefined ? {} : { remote: from, source: from };
}

function usable(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  if (isIPv4(address)) return /^(?:0|127|169\.254|22[4-9]|2[3-5]\d)\./.test(address) ? undefined : address;
  if (!isIPv6(address)) return undefined;
  return /^(?:::1?$|fe[89ab]|ff)/i.test(address) ? undefined : address;
}

function isPrivate(address: string): boolean {
  return /^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.|^f[cd]/i.test(address);
}
