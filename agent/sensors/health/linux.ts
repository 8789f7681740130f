import { readdirSync } from 'node:fs';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { diskFacts } from './disk.ts';
import { HealthEvents, type HostFacts, type SensorStates } from './event.ts';

interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** Health from /proc (proc(5)) and statfs(2). */
export function healthLinux(settings: Settings, states: SensorStates): Provider {
  const file = new BoundedFile(64 * 1024);
  const events = new HealthEvents();
  let before: CpuTicks | undefined;
  let first = true;
  const read = (name: string) => file.text(`${settings.procRoot}/${name}`) ?? '';

  function cpu(): HostFacts {
    const stat = read('stat');
    const now = cpuTicks(stat);
    const elapsed = now === undefined || before === undefined ? 0 : now.total - before.total;
    const usage = elapsed > 0 ? ((now?.busy ?? 0) - (before?.busy ?? 0)) / elapsed : undefined;
    before = now;
    const count = stat.match(/^cpu\d/gm)?.length;
    return {
      'host.cpu.usage': usage === undefined ? undefined : Math.min(1, Math.max(0, usage)),
      'host.cpu.count': count,
      'host.load': finite(Number.parseFloat(read('loadavg'))),
    };
  }

  function memory(): HostFacts {
    const text = read('meminfo');
    return {
      'host.memory.total': kilobytes(text, 'MemTotal'),
      'host.memory.available': kilobytes(text, 'MemAvailable'),
    };
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      before = cpuTicks(read('stat'));
      return before === undefined ? `${settings.procRoot}/stat tells nothing: is proc mounted?` : undefined;
    },
    async look(emit) {
      const host = {
        ...cpu(),
        ...memory(),
        ...(await diskFacts(settings.dataDir)),
        'host.uptime': finite(Math.floor(Number.parseFloat(read('uptime')))),
        'host.processes': countProcesses(settings.procRoot),
      };
      emit(events.event(host, settings.agentFacts(), states, first));
      first = false;
    },
    note: () => undefined,
    async close() {},
  };
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal (guest is part of user). */
function cpuTicks(stat: string): CpuTicks | undefined {
  const line = /^cpu +([\d ]+)$/m.exec(stat)?.[1];
  if (line === undefined) return undefined;
  const ticks = line.split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { total, busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

function kilobytes(meminfo: string, name: string): number | undefined {
  const value = new RegExp(`^${name}: +(\\d{1,12}) kB$`, 'm').exec(meminfo)?.[1];
  return value === undefined ? undefined : Number(value) * 1024;
}

function countProcesses(procRoot: string): number | undefined {
  try {
    return readdirSync(procRoot).filter((name) => /^[1-9]\d*$/.test(name)).length;
  } catch {
    return undefined;
  }
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
