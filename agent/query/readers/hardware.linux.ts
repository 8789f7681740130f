import { join } from 'node:path';
import type { blockDevices as blockSpec } from '#shared/tables/block-devices.ts';
import type { devices as devicesSpec } from '#shared/tables/devices.ts';
import type { pciDevices as pciSpec } from '#shared/tables/pci-devices.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { usbDevices as usbSpec } from '#shared/tables/usb-devices.ts';
import { SysDevices } from '../../sensors/device/sysfs.linux.ts';
import { linkAt, namesIn, valueAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

function blockType(name: string, isPartition: boolean, isVirtual: boolean): string {
  if (isPartition) return 'partition';
  if (name.startsWith('loop')) return 'loop';
  if (name.startsWith('sr')) return 'optical';
  return isVirtual ? 'virtual' : 'disk';
}

export function* blockDevices({ sysRoot, devRoot }: QueryHost): Iterable<RowOf<typeof blockSpec>> {
  const folder = join(sysRoot, 'class/block');
  for (const name of namesIn(folder)) {
    const of = (file: string) => valueAt(join(folder, name, file));
    const link = linkAt(join(folder, name)) ?? '';
    const isPartition = of('partition') !== undefined;
    const disk = link.split('/').at(-2) ?? '';
    yield {
      name: join(devRoot, name),
      parent: isPartition ? join(devRoot, disk) : undefined,
      vendor: of('device/vendor'),
      model: of('device/model'),
      serial: of('serial') ?? of('device/serial'),
      size: wholeNumber(of('size')),
      block_size: wholeNumber(of('queue/logical_block_size')),
      type: blockType(name, isPartition, link.includes('/virtual/')),
      removable: wholeNumber(of('removable')),
      read_only: wholeNumber(of('ro')),
    };
  }
}

export function* usbDevices({ sysRoot }: QueryHost): Iterable<RowOf<typeof usbSpec>> {
  const folder = join(sysRoot, 'bus/usb/devices');
  for (const name of namesIn(folder)) {
    const of = (file: string) => valueAt(join(folder, name, file));
    const vendorId = of('idVendor');
    if (vendorId === undefined) continue;
    yield {
      usb_address: wholeNumber(of('devnum')),
      usb_port: of('devpath'),
      vendor: of('manufacturer'),
      vendor_id: vendorId,
      version: of('bcdDevice'),
      model: of('product'),
      model_id: of('idProduct'),
      serial: of('serial'),
      class: of('bDeviceClass'),
      removable: Number(of('removable') === 'removable'),
    };
  }
}

export function* pciDevices({ sysRoot }: QueryHost): Iterable<RowOf<typeof pciSpec>> {
  const folder = join(sysRoot, 'bus/pci/devices');
  for (const name of namesIn(folder)) {
    const hex = (file: string) => valueAt(join(folder, name, file))?.replace(/^0x/, '');
    yield {
      pci_slot: name,
      pci_class_id: hex('class'),
      driver: linkAt(join(folder, name, 'driver'))
        ?.split('/')
        .at(-1),
      vendor_id: hex('vendor'),
      model_id: hex('device'),
      subsystem_vendor_id: hex('subsystem_vendor'),
      subsystem_model_id: hex('subsystem_device'),
    };
  }
}

export function* devices({ sysRoot }: QueryHost): Iterable<RowOf<typeof devicesSpec>> {
  const sys = new SysDevices(sysRoot);
  for (const key of sys.keys()) {
    const device = sys.details(key);
    if (device === undefined) continue;
    const { name, kind, bus, manufacturer, model, serial, vendorId, productId, isVirtual, id } = device;
    yield {
      ...{ name, kind, bus, model, serial, id },
      vendor: manufacturer,
      vendor_id: vendorId,
      model_id: productId,
      virtual: isVirtual === undefined ? undefined : Number(isVirtual),
    };
  }
}
