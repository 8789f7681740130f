import { nowUs } from '#shared/clock.ts';
import type { Provider } from '../provider.ts';
import { AttachedDevices, type DeviceFacts } from './events.ts';

/** Disks, USB and sound devices through systeminformation, which cannot tell who holds them. */
export function devicePortable(): Provider {
  const attached = new AttachedDevices();
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      const found = await devices();
      return found.size > 0 ? undefined : 'no tool here lists devices (lsblk, lsusb, system_profiler, WMI)';
    },
    async look(emit) {
      const found = await devices();
      for (const event of attached.compare(found.keys(), (key) => found.get(key), nowUs())) emit(event);
    },
    note() {
      return 'sampled through system tools: which process holds a device is not seen';
    },
    async close() {},
  };
}

async function devices(): Promise<Map<string, DeviceFacts>> {
  const { blockDevices, usb, audio } = await import('systeminformation');
  const [disks, ports, sounds] = await Promise.all([blockDevices(), usb(), audio()]);
  const found: DeviceFacts[] = [];
  for (const { name, type, model, serial, protocol } of disks) {
    if (name === '' || !/^(?:disk|rom|loop)$/.test(type)) continue;
    found.push({
      id: `disk:${name}:${serial}`,
      kind: 'disk',
      name: process.platform === 'win32' || name.startsWith('/') ? name : `/dev/${name}`,
      bus: protocol || 'block',
      model: model || undefined,
      serial: serial || undefined,
    });
  }
  for (const { id, bus, deviceId, name, type, vendor, manufacturer, serialNumber } of ports) {
    found.push({
      id: `usb:${bus ?? ''}:${deviceId ?? ''}:${id ?? ''}`,
      kind: /camera|imaging/i.test(`${type} ${name}`) ? 'camera' : 'usb',
      name: name || 'usb device',
      bus: 'usb',
      manufacturer: manufacturer || vendor || undefined,
      model: name || undefined,
      serial: serialNumber || undefined,
    });
  }
  for (const { id, name, manufacturer, driver } of sounds) {
    found.push({
      id: `sound:${id}:${name}`,
      kind: 'sound',
      name: name || 'sound device',
      bus: driver || 'sound',
      manufacturer: manufacturer || undefined,
      model: name || undefined,
    });
  }
  return new Map(found.map((device) => [device.id, device]));
}
