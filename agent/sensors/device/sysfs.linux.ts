import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DeviceKind } from '#shared/events/device-kinds.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { DeviceFacts } from './events.ts';

/** Entries of one class that are looked at. */
const maxEntries = 4096;
/** How far up the tree the bus device of a class device is sought. */
const maxAncestors = 12;

interface DeviceClass {
  /** Folder under the root of sysfs. */
  readonly folder: string;
  readonly bus: string;
  readonly kind: DeviceKind;
  /** Names that count; the rest are parts or children of those. */
  readonly names: RegExp;
  /** Folder of the node under /dev; undefined where there is none. */
  readonly node?: string;
  /** Only entries with this file or link: a driver's idle slots have none. */
  readonly proof?: string;
  /** File that differs when another device took the place of one under the same name. */
  readonly turn?: string;
}

/** Documentation/ABI in the kernel's source tells these files. */
const classes: readonly DeviceClass[] = [
  {
    folder: 'class/block',
    bus: 'block',
    kind: 'disk',
    names: /^loop\d+$/,
    node: '/dev/',
    proof: 'loop',
    turn: 'loop/backing_file',
  },
  {
    folder: 'class/block',
    bus: 'block',
    kind: 'disk',
    names:
      /^(?!loop|ram|zram)(?:nvme\d+n\d+|mmcblk\d+|(?:sd|vd|hd|xvd)[a-z]+|dm-\d+|md\d+|sr\d+|nbd\d+|[a-z]+)$/,
    node: '/dev/',
    proof: 'size',
  },
  { folder: 'class/video4linux', bus: 'video4linux', kind: 'camera', names: /^video\d+$/, node: '/dev/' },
  { folder: 'class/sound', bus: 'sound', kind: 'sound', names: /^card\d+$/ },
  {
    folder: 'class/tty',
    bus: 'tty',
    kind: 'serial',
    names: /^tty(?:S|USB|ACM|AMA)\d+$/,
    node: '/dev/',
    proof: 'device',
  },
  { folder: 'class/input', bus: 'input', kind: 'input', names: /^input\d+$/ },
  {
    folder: 'class/net',
    bus: 'net',
    kind: 'network',
    names: /^(?!lo$)[^/]+$/,
    proof: 'ifindex',
    turn: 'ifindex',
  },
  { folder: 'bus/usb/devices', bus: 'usb', kind: 'usb', names: /^\d+-[\d.]+$/, turn: 'devnum' },
];

/** Devices of real hardware, network interfaces, and loop devices in use, from sysfs. */
export class SysDevices {
  readonly #root: string;
  readonly #file = new BoundedFile(4096);

  constructor(sysRoot: string) {
    this.#root = sysRoot;
  }

  /** True when one of the folders is there. */
  readable(): boolean {
    return classes.some(({ folder }) => this.#has(folder));
  }

  /** Keys of what is attached now: class, name, and what tells a swap from what was there before. */
  keys(): string[] {
    const keys: string[] = [];
    for (const [index, { folder, names, proof, turn, kind }] of classes.entries()) {
      for (const name of this.#list(folder)) {
        if (!names.test(name)) continue;
        const path = `${folder}/${name}`;
        if (proof !== undefined && !this.#has(`${path}/${proof}`)) continue;
        if (kind === 'serial' && this.#attribute(join(this.#root, path), 'type') === '0') continue;
        const which = turn === undefined ? '' : (this.#attribute(join(this.#root, path), turn) ?? '');
        keys.push(`${index}:${name}:${which}`);
      }
    }
    return keys;
  }

  /** Details of a key of `keys`. */
  details(key: string): DeviceFacts | undefined {
    const [index = '', name = ''] = key.split(':');
    const found = classes[Number(index)];
    if (found === undefined) return undefined;
    const path = join(this.#root, found.folder, name);
    const at = (file: string) => this.#attribute(path, file);
    const bus = this.#busDevice(path);
    return {
      id: this.#identity(found.folder, name),
      kind: found.kind,
      name: found.node === undefined ? name : `${found.node}${name}`,
      bus: found.bus,
      manufacturer: at('device/vendor')?.replace(/^0x.*/, '') || bus.manufacturer,
      model: at('device/model') ?? at('name') ?? at('loop/backing_file') ?? at('id') ?? bus.model,
      serial: at('serial') ?? at('device/serial') ?? bus.serial,
      vendorId: bus.vendorId,
      productId: bus.productId,
      isVirtual: found.kind === 'network' ? !this.#has(`${found.folder}/${name}/device`) : undefined,
    };
  }

  /** The nearest USB or PCI device above a class device: it knows maker and product. */
  #busDevice(path: string): Partial<DeviceFacts> {
    let folder = resolved(path);
    const top = resolved(this.#root);
    for (let i = 0; i < maxAncestors && folder.length > top.length; i++, folder = dirname(folder)) {
      const usb = hexId(this.#attribute(folder, 'idVendor'));
      if (usb !== undefined) {
        return {
          vendorId: usb,
          productId: hexId(this.#attribute(folder, 'idProduct')),
          manufacturer: this.#attribute(folder, 'manufacturer'),
          model: this.#attribute(folder, 'product'),
          serial: this.#attribute(folder, 'serial'),
        };
      }
      const pci = hexId(this.#attribute(folder, 'vendor'));
      if (pci !== undefined) {
        return { vendorId: pci, productId: hexId(this.#attribute(folder, 'device')) };
      }
    }
    return {};
  }

  #identity(folder: string, name: string): string {
    try {
      return readlinkSync(join(this.#root, folder, name)).replace(/^(?:\.\.\/)+/, '/');
    } catch {
      return `/${folder}/${name}`;
    }
  }

  #attribute(folder: string, name: string): string | undefined {
    const text = this.#file.text(`${folder}/${name}`)?.replace(/\0/g, '').trim();
    return text === '' ? undefined : text;
  }

  #list(folder: string): readonly string[] {
    try {
      return readdirSync(join(this.#root, folder)).slice(0, maxEntries);
    } catch {
      return [];
    }
  }

  #has(path: string): boolean {
    try {
      return statSync(`${this.#root}/${path}`, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false;
    }
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function hexId(text: string | undefined): string | undefined {
  return /^(?:0x)?([0-9a-f]{4})$/i.exec(text ?? '')?.[1]?.toLowerCase();
}
