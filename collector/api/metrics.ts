/** Metrics in the form of Prometheus, read off what the collector knows when they are asked for. */
import { Gauge, Registry } from 'prom-client';
import { healthOf } from '../health.ts';
import type { ApiDeps } from './deps.ts';
import type { FeedCounters } from './feed/counters.ts';

type Label = string;
interface Sample {
  readonly labels?: Readonly<Record<Label, string>>;
  readonly value: number;
}

export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Hosts told of one by one; of more only sums are. */
const mostHosts = 5_000;

/**
 * The text of all metrics. Counters of the whole collector since it was set up are gauges here where they may be corrected
 * downwards: what was lost and is found again.
 */
export async function metricsText(deps: ApiDeps, feed: FeedCounters, now: number): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, samples: readonly Sample[]) => {
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))];
    const one = new Gauge({ name: `vedette_${name}`, help, labelNames, registers: [registry] });
    for (const { labels, value } of samples) one.set(labels ?? {}, value);
  };
  const one = (value: number): readonly Sample[] => [{ value }];
  const [status, alertsByStatus, openByLevel] = await Promise.all([
    deps.status(),
    deps.control.alerts.countByStatus(),
    deps.control.alerts.countOpenByLevel(),
  ]);
  const { hosts, journal, storage, detection } = status;
  const samplesOf = (counts: Readonly<Record<string, number>>, label: string): readonly Sample[] =>
    Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
  const ofHosts = (of: (host: (typeof hosts)[number]) => number): readonly Sample[] =>
    hosts.slice(0, mostHosts).map((host) => ({
      labels: { host_id: host.hostId, host_name: host.hostName },
      value: of(host),
    }));
  gauge('build_info', 'Version of the collector.', [{ labels: { version: status.version }, value: 1 }]);
  gauge('start_time_seconds', 'When the collector started, since the epoch.', one(status.startedAt / 1e6));
  gauge('health', 'Checks: 0 ok, 1 degraded, 2 failing.', [
    ...healthOf(status, now).map(({ name, status: is }) => ({
      labels: { check: name },
      value: ['ok', 'degraded', 'failing'].indexOf(is),
    })),
  ]);
  gauge('hosts', 'Enrolled hosts.', one(hosts.length));
  gauge(
    'hosts_connected',
    'Hosts with a connection.',
    one(hosts.filter(({ connected }) => connected).length),
  );
  gauge(
    'host_connected',
    'Whether a host has a connection.',
    ofHosts(({ connected }) => (connected ? 1 : 0)),
  );
  gauge(
    'host_collected_events',
    'Events a host has collected.',
    ofHosts(({ collected }) => collected),
  );
  gauge(
    'host_stored_events',
    'Events of a host that were stored.',
    ofHosts(({ stored }) => stored),
  );
  gauge(
    'host_lost_events',
    'Events of a host that were declared lost.',
    ofHosts(({ lost }) => lost),
  );
  gauge(
    'host_pending_events',
    'Events a host holds that are not stored yet.',
    ofHosts(({ pending }) => pending),
  );
  gauge(
    'host_unaccounted_events',
    'Events of a host that are neither stored nor declared lost; anything but 0 is a defect.',
    ofHosts(({ unaccounted }) => unaccounted),
  );
  const lost = new Map<string, number>();
  for (const host of hosts)
    for (const [reason, n] of Object.entries(host.lostByReason))
      lost.set(reason, (lost.get(reason) ?? 0) + n);
  gauge('lost_events', 'Events declared lost, by reason.', samplesOf(Object.fromEntries(lost), 'reason'));
  const rate = new Map<string, number>();
  const points = deps.rates().slice(-60);
  for (const { counts } of points)
    for (const [type, n] of Object.entries(counts)) rate.set(type, (rate.get(type) ?? 0) + n / 60);
  gauge(
    'events_per_second',
    'Events stored a second by type, over the last minute.',
    samplesOf(Object.fromEntries(rate), 'type'),
  );
  gauge('journal_events', 'Events in the journal.', one(journal.events));
  gauge('journal_bytes', 'Size of the journal.', one(journal.sizeBytes));
  gauge('segment_events', 'Events in segments.', one(storage.segments.events));
  gauge('segment_bytes', 'Size of segments.', one(storage.segments.sizeBytes));
  gauge('disk_free_bytes', 'Free room where events are stored.', one(storage.freeBytes));
  gauge('detection_rules', 'Rules in force.', one(detection.rules));
  gauge(
    'detection_lag_batches',
    'Stored batches that detection has not looked at.',
    one(detection.lagBatches),
  );
  gauge(
    'detection_lag_seconds',
    'From arrival to detection, as of the last batch.',
    one(detection.lagMs / 1000),
  );
  gauge('correlation_groups', 'Groups that correlations hold.', one(detection.correlations.groups));
  gauge('correlation_bytes', 'What they take.', one(detection.correlations.sizeBytes));
  gauge('alerts', 'Alerts by status.', samplesOf(alertsByStatus, 'status'));
  gauge('alerts_open', 'Open alerts by level.', samplesOf(openByLevel, 'level'));
  gauge('feed_clients', 'Clients of the live feed.', one(feed.clients));
  gauge('feed_dropped_clients', 'Clients dropped for being slow, since the start.', one(feed.dropped));
  gauge('feed_refused_clients', 'Clients turned away, since the start.', one(feed.refused));
  const { entryCounters, throttle, hasher } = deps.access;
  gauge('requests_limited', 'Requests beyond a limit, since the start.', one(entryCounters.limited));
  gauge('requests_shut_out', 'Requests from other addresses than those allowed.', one(entryCounters.shutOut));
  gauge('sign_ins_throttled', 'Tries to sign in that came too soon.', one(throttle.counters.refused));
  gauge('sign_ins_shed', 'Tries to sign in beyond what is hashed at once.', one(hasher.counters.shed));
  gauge(
    'sign_in_counts_forgotten',
    'Counts of tries given up for newer ones.',
    one(throttle.counters.forgotten),
  );
  gauge(
    'oidc_journeys_shed',
    'Sign-ins at a provider given up for newer ones.',
    one(deps.oidc?.counters.shed ?? 0),
  );
  const { rss, heapUsed } = process.memoryUsage();
  gauge('process_resident_memory_bytes', 'Resident memory of the collector.', one(rss));
  gauge('process_heap_bytes', "Used heap of the collector's main thread.", one(heapUsed));
  return await registry.metrics();
}
