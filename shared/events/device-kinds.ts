/** What a device is for, as host owners think of it. `memory` is /dev/mem, /dev/kmem, /dev/port and kin. */
export const deviceKinds = [
  'camera',
  'sound',
  'disk',
  'serial',
  'usb',
  'memory',
  'input',
  'network',
  'other',
] as const;

export type DeviceKind = (typeof deviceKinds)[number];
