import { defineEvent } from '../schema/spec.ts';
import { deviceKinds } from './device-kinds.ts';

export const deviceChange = defineEvent({
  name: 'device.change',
  doc: 'A device was attached or detached, or was present at the first look.',
  logsource: { category: 'device_change' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['attached', 'detached'],
      doc: 'What happened.',
    },
    'device.id': {
      type: 'keyword',
      required: true,
      max: 512,
      indexed: true,
      doc: 'Stable name on the host: the path under /sys/devices, or what the provider gives.',
    },
    'device.kind': { type: 'keyword', required: true, values: deviceKinds, doc: 'What the device is for.' },
    'device.name': {
      type: 'keyword',
      max: 256,
      sigma: ['DeviceName'],
      doc: 'Node or kernel name, e.g. /dev/sda.',
    },
    'device.manufacturer': { type: 'keyword', max: 256, doc: 'Maker, as the device tells.' },
    'device.model.name': {
      type: 'keyword',
      max: 256,
      sigma: ['DeviceDescription'],
      doc: 'Model, as the device tells.',
    },
    'device.serial_number': { type: 'keyword', max: 256, doc: 'Serial number, as the device tells.' },
    'device.vendor_id': { type: 'keyword', max: 16, doc: 'USB or PCI vendor id, four hex digits.' },
    'device.product_id': { type: 'keyword', max: 16, doc: 'USB or PCI product id, four hex digits.' },
    'device.virtual': {
      type: 'bool',
      doc: 'True for network interfaces without hardware, such as tunnels, bridges and those of containers.',
    },
    'device.bus': { type: 'keyword', max: 32, doc: 'Kernel subsystem or bus, e.g. usb, block, tty.' },
  },
});
