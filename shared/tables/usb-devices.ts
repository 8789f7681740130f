import type { TableSpec } from './spec.ts';

export const usbDevices = {
  name: 'usb_devices',
  doc: 'Devices on USB.',
  system: 'linux',
  columns: {
    usb_address: ['integer', 'Number on its bus.'],
    usb_port: ['text', 'Path of ports.'],
    vendor: ['text', 'Maker.'],
    vendor_id: ['text', 'Four hexadecimal digits.'],
    version: ['text', 'Release of the device.'],
    model: ['text', 'Product.'],
    model_id: ['text', 'Four hexadecimal digits.'],
    serial: ['text', 'Serial number.'],
    class: ['text', 'Class of the device, hexadecimal.'],
    removable: ['integer', '1 when it can be taken out.'],
  },
} as const satisfies TableSpec;
