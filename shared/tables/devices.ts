import type { TableSpec } from './spec.ts';

export const devices = {
  name: 'devices',
  doc: 'Attached devices as the device sensor sees them.',
  system: 'linux',
  columns: {
    name: ['text', 'Node or name.'],
    kind: ['text', 'disk, camera, sound, serial, input, network or usb.'],
    bus: ['text', 'Where it is attached.'],
    vendor: ['text', 'Maker.'],
    model: ['text', 'Model.'],
    serial: ['text', 'Serial number.'],
    vendor_id: ['text', 'Four hexadecimal digits.'],
    model_id: ['text', 'Four hexadecimal digits.'],
    virtual: ['integer', '1 for a network interface without hardware.'],
    id: ['text', 'Path under /sys.'],
  },
} as const satisfies TableSpec;
