import type { containers as spec } from '#shared/tables/containers.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { QueryHost } from '../reader.ts';
import { processes, processNamespaces } from './processes.linux.ts';

export function* containers(host: QueryHost): Iterable<RowOf<typeof spec>> {
  const members = new Map<string, ReturnType<typeof oldestFirst>>();
  for (const one of oldestFirst(host)) {
    if (one.container_id === undefined) continue;
    const known = members.get(one.container_id);
    if (known === undefined) members.set(one.container_id, [one]);
    else known.push(one);
  }
  if (members.size === 0) return;
  const namespaces = new Map([...processNamespaces(host)].map((row) => [row.pid, row.net_namespace]));
  for (const [id, processesIn] of members) {
    const first = processesIn[0];
    yield {
      id,
      processes: processesIn.length,
      pid: first?.pid,
      command: first?.cmdline,
      start_time: first?.start_time,
      cgroup_path: first?.cgroup_path,
      net_namespace: namespaces.get(first?.pid),
      uid: first?.uid,
    };
  }
}

function oldestFirst(host: QueryHost) {
  return [...processes(host)].sort((a, b) => (a.start_time ?? 0) - (b.start_time ?? 0));
}
