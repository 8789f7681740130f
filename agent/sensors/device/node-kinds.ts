import type { DeviceKind } from '#shared/events/device-kinds.ts';

/** Device nodes worth telling of when a process holds them, by name under /dev (Linux devices.txt). */
const kinds: readonly (readonly [RegExp, DeviceKind])[] = [
  [/^(?:video\d|media\d|v4l-subdev)/, 'camera'],
  [/^(?:snd\/|dsp\d*$|audio\d*$|mixer\d*$)/, 'sound'],
  [/^(?:sd[a-z]|hd[a-z]|vd[a-z]|xvd[a-z]|nvme\d|mmcblk\d|loop\d|dm-\d|md\d|sr\d|sg\d|nbd\d|zram\d)/, 'disk'],
  [/^tty(?:S|USB|ACM|AMA)\d/, 'serial'],
  [/^bus\/usb\//, 'usb'],
  [/^(?:mem|kmem|port|nvram)$/, 'memory'],
  [/^(?:input\/|hidraw\d|uinput$|uhid$)/, 'input'],
];

/** Kind of a sensitive node by its name under /dev, e.g. `video0`; undefined for all others. */
export function nodeKind(name: string): DeviceKind | undefined {
  return kinds.find(([pattern]) => pattern.test(name))?.[1];
}
