import type { RowOf } from '#shared/tables/spec.ts';
import type { vedetteAgent as agentSpec } from '#shared/tables/vedette-agent.ts';
import type { vedetteSensors as sensorsSpec } from '#shared/tables/vedette-sensors.ts';
import type { QueryHost } from '../reader.ts';

export function* vedetteAgent({ status, version }: QueryHost): Iterable<RowOf<typeof agentSpec>> {
  if (status === undefined) return;
  const { hostId, instance, pid, startedAt, isConnected, outbox, memory, cpu } = status;
  yield {
    ...{ instance, pid, version },
    host_id: hostId,
    start_time: Math.floor(startedAt / 1e6),
    connected: Number(isConnected),
    outbox_events: outbox.events,
    outbox_bytes: outbox.sizeBytes,
    resident_size: memory.rssBytes,
    cpu_percent: cpu.share * 100,
  };
}

export function* vedetteSensors({ status }: QueryHost): Iterable<RowOf<typeof sensorsSpec>> {
  for (const { name, state, events, lost, eventsPerSecond, cpuShare } of status?.sensors ?? []) {
    const note = 'reason' in state ? state.reason : 'note' in state ? state.note : undefined;
    yield {
      ...{ name, events, lost, note },
      status: state.status,
      mode: 'mode' in state ? state.mode : undefined,
      events_per_second: eventsPerSecond,
      cpu_percent: cpuShare * 100,
    };
  }
}
