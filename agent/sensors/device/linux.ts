import { nowUs } from '#shared/clock.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { HeldNodes, type Holding, maxHeld } from './access.ts';
import { Doorbell } from './doorbell.linux.ts';
import { AttachedDevices } from './events.ts';
import { SysDevices } from './sysfs.linux.ts';

/** Where the kernel tells of changes, all devices are listed so seldom at a look. */
const relistMs = 30_000;

/** Devices from sysfs, listed when the kernel's uevents say so, and who holds their nodes from /proc/PID/fd. */
export function deviceLinux(host: LinuxHost, settings: Settings): Provider {
  const sys = new SysDevices(settings.sysRoot);
  const attached = new AttachedDevices();
  const held = new HeldNodes(settings.devRoot);
  const doorbell = new Doorbell(settings.sysRoot);
  let withoutAccess: string | undefined;
  let listedAtMs = Number.NEGATIVE_INFINITY;

  function compareDevices(emit: Emit): void {
    listedAtMs = performance.now();
    for (const event of attached.compare(sys.keys(), (key) => sys.details(key), nowUs())) emit(event);
  }

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
      if (!doorbell.works || performance.now() - listedAtMs >= relistMs) compareDevices(emit);
      doorbell.start(() => compareDevices(emit));
      if (withoutAccess !== undefined) return;
      host.reader.scanIfOlder(settings.intervalMs.process);
      host.fds.updateIfOlder(settings.intervalMs.device / 2, 'due');
      for (const event of held.compare(holdings(), nowUs())) emit(event);
    },
    note() {
      const comes = doorbell.works
        ? 'devices within half a second, by the count of uevents'
        : 'devices at each look';
      if (withoutAccess !== undefined) return `${comes}; who holds one is not seen: ${withoutAccess}`;
      const notes = [
        comes,
        host.fds.denied
          ? "sampled: what other users' processes hold is not seen"
          : 'sampled: a device held for less than two looks at its process may not be seen',
        ...(held.shed > 0 ? [`of more than ${maxHeld} held nodes ${held.shed} are not seen`] : []),
      ];
      return notes.join('; ');
    },
    async close() {
      doorbell.close();
    },
  };
}
