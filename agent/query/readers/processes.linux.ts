import { join } from 'node:path';
import type { processEnvs as envsSpec } from '#shared/tables/process-envs.ts';
import type { processMemoryMap as mapSpec } from '#shared/tables/process-memory-map.ts';
import type { processNamespaces as namespacesSpec } from '#shared/tables/process-namespaces.ts';
import type { processes as processesSpec } from '#shared/tables/processes.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { instantOfTicks, processEntityId, readBoot } from '../../sensors/linux/boot.ts';
import { UserNames } from '../../sensors/linux/user-names.ts';
import { capabilitiesOf } from '../../sensors/process/capabilities.linux.ts';
import { FactsReader } from '../../sensors/process/facts.linux.ts';
import { cgroupOf, containerOf, terminalName } from '../../sensors/process/stat.linux.ts';
import { kernelText, linesAt, linkAt, namesIn, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** USER_HZ and the page size of every architecture this runs on by default. */
const msPerTick = 10;
const kibibyte = 1024;
/** Regions told of one process. */
const maxRegions = 10_000;

export function pidsOf({ procRoot }: QueryHost): number[] {
  return namesIn(procRoot)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** The lines `Name:\tvalue` of /proc/PID/status and its like. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\n').map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at), line.slice(at + 1).trim()] as const;
  });
  return new Map(pairs);
}

/** Fields of /proc/PID/stat behind the name, from field 3 on (proc(5)). */
function statFields(text: string): readonly string[] {
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function bytesOf(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const kibibytes = wholeNumber(fields.get(name));
  return kibibytes === undefined ? undefined : kibibytes * kibibyte;
}

export function* processes(host: QueryHost): Iterable<RowOf<typeof processesSpec>> {
  const boot = readBoot(host.procRoot);
  const facts = new FactsReader(host.procRoot, boot, new UserNames(host.etcRoot));
  for (const pid of pidsOf(host)) {
    const folder = join(host.procRoot, String(pid));
    const stat = kernelText(join(folder, 'stat'));
    const status = fieldsOf(kernelText(join(folder, 'status')));
    if (stat === '' || status.size < 2) continue;
    const fields = statFields(stat);
    const at = (field: number) => Number(fields[field - 3]);
    const [uid, euid, suid] = (status.get('Uid') ?? '').split('\t').map(Number);
    const [gid, egid, sgid] = (status.get('Gid') ?? '').split('\t').map(Number);
    const io = fieldsOf(kernelText(join(folder, 'io')));
    const program = facts.program(pid);
    const cgroup = kernelText(join(folder, 'cgroup'));
    const startTicks = at(22);
    yield {
      pid,
      name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
      path: program?.executable,
      cmdline: facts.arguments(pid)?.commandLine,
      state: fields[0],
      cwd: linkAt(join(folder, 'cwd')),
      root: linkAt(join(folder, 'root')),
      ...{ uid, gid, euid, egid, suid, sgid },
      login_uid: wholeNumber(facts.loginUser(pid)),
      on_disk: program === undefined ? undefined : Number(!program.fileDeleted && !program.fileless),
      resident_size: bytesOf(status, 'VmRSS'),
      total_size: at(23),
      user_time: at(14) * msPerTick,
      system_time: at(15) * msPerTick,
      disk_bytes_read: wholeNumber(io.get('read_bytes')),
      disk_bytes_written: wholeNumber(io.get('write_bytes')),
      start_time: Math.floor(instantOfTicks(boot, startTicks) / 1e6),
      parent: at(4),
      pgroup: at(5),
      session: at(6),
      tty: terminalName(at(7)),
      threads: at(20),
      nice: at(19),
      cgroup_path: cgroupOf(cgroup),
      container_id: containerOf(cgroup),
      capabilities: capabilitiesOf(status.get('CapEff') ?? '')?.join(),
      entity_id: processEntityId(boot.id, pid, startTicks),
    };
  }
}

export function* processEnvs(host: QueryHost): Iterable<RowOf<typeof envsSpec>> {
  for (const pid of pidsOf(host)) {
    for (const pair of kernelText(join(host.procRoot, String(pid), 'environ')).split('\0')) {
      const at = pair.indexOf('=');
      if (at > 0) yield { pid, key: pair.slice(0, at), value: pair.slice(at + 1) };
    }
  }
}

const region = /^([\da-f]+)-([\da-f]+) (\S+) ([\da-f]+) (\S+) (\d+) *(.*)$/;

export function* processMemoryMap(host: QueryHost): Iterable<RowOf<typeof mapSpec>> {
  for (const pid of pidsOf(host)) {
    for (const line of linesAt(join(host.procRoot, String(pid), 'maps')).slice(0, maxRegions)) {
      const [, start, end, permissions, offset, device, inode, path] = region.exec(line) ?? [];
      if (start === undefined) continue;
      yield {
        pid,
        start: `0x${start}`,
        end: `0x${end}`,
        permissions,
        offset: wholeNumber(offset, 16),
        device,
        inode: wholeNumber(inode),
        path: path === '' ? undefined : path,
        pseudo: Number(inode === '0'),
      };
    }
  }
}

export function* processNamespaces(host: QueryHost): Iterable<RowOf<typeof namespacesSpec>> {
  for (const pid of pidsOf(host)) {
    const of = (kind: string) =>
      /\[(\d+)\]$/.exec(linkAt(join(host.procRoot, String(pid), 'ns', kind)) ?? '')?.[1];
    const net = of('net');
    if (net === undefined) continue;
    yield {
      pid,
      cgroup_namespace: of('cgroup'),
      ipc_namespace: of('ipc'),
      mnt_namespace: of('mnt'),
      net_namespace: net,
      pid_namespace: of('pid'),
      user_namespace: of('user'),
      uts_namespace: of('uts'),
    };
  }
}
