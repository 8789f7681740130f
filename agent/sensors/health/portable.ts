import { availableParallelism, loadavg, uptime } from 'node:os';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { diskFacts } from './disk.ts';
import { HealthEvents, type HostFacts, type SensorStates } from './event.ts';

/** Health through node-os-utils and systeminformation, with node:os for what needs no tool. */
export function healthPortable(settings: Settings, states: SensorStates): Provider {
  const events = new HealthEvents();
  let first = true;
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      return undefined;
    },
    async look(emit) {
      const host = {
        ...(await cpuAndMemory()),
        ...(await diskFacts(settings.dataDir)),
        'host.processes': await processCount(),
      };
      emit(events.event(host, settings.agentFacts(), states, first));
      first = false;
    },
    note: () => undefined,
    async close() {},
  };
}

async function cpuAndMemory(): Promise<HostFacts> {
  const { OSUtils } = await import('node-os-utils');
  const tools = new OSUtils({ cacheEnabled: false });
  const [usage, memory] = await Promise.all([tools.cpu.usage(), tools.memory.info()]);
  return {
    'host.cpu.usage': usage.success ? Math.min(1, Math.max(0, usage.data / 100)) : undefined,
    'host.cpu.count': availableParallelism(),
    'host.load': process.platform === 'win32' ? undefined : (loadavg()[0] ?? 0),
    'host.memory.total': memory.success ? Math.round(memory.data.total.toBytes()) : undefined,
    'host.memory.available': memory.success ? Math.round(memory.data.available.toBytes()) : undefined,
    'host.uptime': Math.floor(uptime()),
  };
}

async function processCount(): Promise<number | undefined> {
  try {
    const { default: psList } = await import('ps-list');
    return (await psList()).length;
  } catch {
    return undefined;
  }
}
