import { nowUs } from '#shared/clock.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { HeldNodes, type Holding } from './access.ts';
import { AttachedDevices } from './events.ts';
import { SysDevices } from './sysfs.linux.ts';

/** Devices from sysfs, and who holds their nodes from /proc/PID/fd. */
export function deviceLinux(host: LinuxHost, settings: Settings): Provider {
  const sys = new SysDevices(settings.sysRoot);
  const attached = new AttachedDevices();
  const held = new HeldNodes(settings.devRoot);
  let withoutAccess: string | undefined;

  function* holdings(): IterableIterator<Holding> {
    for (const { pid, devices } of host.fds.deviceHolders()) {
      const process = host.processes.get(pid) ?? host.reader.observe(pid);
      for (const node of devices) yield { pid, process, node };
    }
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      withoutAccess = host.whyNoProcesses();
      return sys.readable() ? undefined : `${settings.sysRoot} lists no devices: is sysfs mounted?`;
    },
    async look(emit) {
      const time = nowUs();
      for (const event of attached.compare(sys.keys(), (key) => sys.details(key), time)) emit(event);
      if (withoutAccess !== undefined) return;
      host.reader.scanIfOlder(settings.intervalMs.process);
      host.fds.updateIfOlder(settings.intervalMs.device / 2);
      for (const event of held.compare(holdings(), time)) emit(event);
    },
    note() {
      if (withoutAccess !== undefined) return `who holds a device is not seen: ${withoutAccess}`;
      return host.fds.denied
        ? "sampled: what other users' processes hold is not seen"
        : 'sampled: a device held for less than the interval is not seen';
    },
    async close() {},
  };
}
