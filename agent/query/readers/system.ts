import os from 'node:os';
import { join } from 'node:path';
import type { cpuInfo as cpuSpec } from '#shared/tables/cpu-info.ts';
import type { loadAverage as loadSpec } from '#shared/tables/load-average.ts';
import type { osVersion as osSpec } from '#shared/tables/os-version.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { systemInfo as systemSpec } from '#shared/tables/system-info.ts';
import type { time as timeSpec } from '#shared/tables/time.ts';
import type { uptime as uptimeSpec } from '#shared/tables/uptime.ts';
import { settledLines, textAt, valueAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** Settings of os-release(5), without their quotes. */
function releaseOf({ etcRoot }: QueryHost): ReadonlyMap<string, string> {
  const pairs = [...settledLines(join(etcRoot, 'os-release'))].map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1).replace(/^(["'])(.*)\1$/, '$2')] as const;
  });
  return new Map(pairs);
}

export function* osVersion(host: QueryHost): Iterable<RowOf<typeof osSpec>> {
  const release = releaseOf(host);
  const version = release.get('VERSION') ?? os.version();
  const [major, minor, patch] = (release.get('VERSION_ID') ?? os.release()).split('.');
  yield {
    name: release.get('NAME') ?? os.type(),
    version,
    major: wholeNumber(major),
    minor: wholeNumber(minor),
    patch: wholeNumber(patch),
    build: release.get('BUILD_ID'),
    platform: release.get('ID') ?? process.platform,
    platform_like: release.get('ID_LIKE'),
    codename: release.get('VERSION_CODENAME'),
    arch: os.machine(),
  };
}

/** Hypervisors name themselves as the maker of the machine. */
const hypervisors =
  /qemu|kvm|vmware|virtualbox|innotek|xen|microsoft corporation.*virtual|bochs|parallels|amazon ec2|google compute/i;

export function* systemInfo({ sysRoot, etcRoot }: QueryHost): Iterable<RowOf<typeof systemSpec>> {
  const dmi = (name: string) => valueAt(join(sysRoot, 'class/dmi/id', name));
  const maker = `${dmi('sys_vendor') ?? ''} ${dmi('product_name') ?? ''}`;
  const cpus = os.cpus();
  yield {
    hostname: os.hostname(),
    uuid: dmi('product_uuid') ?? valueAt(join(etcRoot, 'machine-id')),
    cpu_type: os.machine(),
    cpu_brand: cpus[0]?.model.trim(),
    cpu_logical_cores: cpus.length,
    physical_memory: os.totalmem(),
    hardware_vendor: dmi('sys_vendor'),
    hardware_model: dmi('product_name'),
    hardware_serial: dmi('product_serial'),
    hardware_version: dmi('product_version'),
    computer_name: os.hostname(),
    virtual_machine: hypervisors.exec(maker)?.[0],
  };
}

export function* uptime(): Iterable<RowOf<typeof uptimeSpec>> {
  const total = Math.floor(os.uptime());
  yield {
    days: Math.floor(total / 86_400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
    total_seconds: total,
  };
}

export function* time(): Iterable<RowOf<typeof timeSpec>> {
  const now = new Date();
  yield {
    unix_time: Math.floor(now.getTime() / 1000),
    datetime: now.toISOString(),
    local_timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

export function* loadAverage(): Iterable<RowOf<typeof loadSpec>> {
  const [one, five, fifteen] = os.loadavg();
  yield { period: '1m', average: one };
  yield { period: '5m', average: five };
  yield { period: '15m', average: fifteen };
}

export function* cpuInfo({ procRoot }: QueryHost): Iterable<RowOf<typeof cpuSpec>> {
  const blocks = textAt(join(procRoot, 'cpuinfo')).split('\n\n');
  for (const [number, { model, speed }] of os.cpus().entries()) {
    const of = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(blocks[number] ?? '')?.[1];
    yield {
      device_id: `CPU${number}`,
      manufacturer: of('vendor_id'),
      model: model.trim(),
      current_clock_speed: speed,
      number_of_cores: wholeNumber(of('cpu cores')),
      socket_designation: of('physical id'),
    };
  }
}
