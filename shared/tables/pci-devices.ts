import type { TableSpec } from './spec.ts';

export const pciDevices = {
  name: 'pci_devices',
  doc: 'Devices on PCI.',
  system: 'linux',
  columns: {
    pci_slot: ['text', 'Address.'],
    pci_class_id: ['text', 'Class, hexadecimal.'],
    driver: ['text', 'Driver in the kernel.'],
    vendor_id: ['text', 'Four hexadecimal digits.'],
    model_id: ['text', 'Four hexadecimal digits.'],
    subsystem_vendor_id: ['text', 'Four hexadecimal digits.'],
    subsystem_model_id: ['text', 'Four hexadecimal digits.'],
  },
} as const satisfies TableSpec;
