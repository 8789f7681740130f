import type { TableSpec } from './spec.ts';

export const systemInfo = {
  name: 'system_info',
  doc: 'The machine.',
  columns: {
    hostname: ['text', 'Name.'],
    uuid: ['text', 'Id of the machine; of the hardware where it can be read.'],
    cpu_type: ['text', 'Architecture.'],
    cpu_brand: ['text', 'Model of the processor.'],
    cpu_logical_cores: ['integer', 'Processors as the system counts them.'],
    physical_memory: ['integer', 'Bytes of memory.'],
    hardware_vendor: ['text', 'Maker.'],
    hardware_model: ['text', 'Model.'],
    hardware_serial: ['text', 'Serial number.'],
    hardware_version: ['text', 'Version.'],
    computer_name: ['text', 'Name.'],
    virtual_machine: ['text', 'Hypervisor, where one shows.'],
  },
} as const satisfies TableSpec;
