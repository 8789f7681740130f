/** Small disks of their own for the two sides. They need root, and the collector's the kernel's zram. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Takes all the room there is in a folder's filesystem. */
export function fillDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  for (let bytes = bavail * bsize; bytes >= 4096; bytes = Math.floor(bytes / 2)) {
    try {
      run('fallocate', '-l', String(bytes), join(folder, `filler-${bytes}`));
    } catch {
      // More than there is, by what the filesystem needs for itself: half of it is tried next.
    }
  }
}

export function emptyDisk(folder: string): void {
  run('sh', '-c', 'rm -f "$1"/filler-*', 'sh', folder);
}

/** A disk in memory. */
export class MemoryDisk {
  readonly folder: string;

  constructor(folder: string, sizeMib: number) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    run('mount', '-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=700`, 'vedette-test', folder);
  }

  remove(): void {
    run('umount', '-l', this.folder);
  }
}

/** Where the kernel makes and removes compressed disks in memory. */
const zramControl = '/sys/class/zram-control';

/**
 * An ext4 on a compressed disk in memory whose memory can be limited: from then on writes still go into the page cache,
 * and it is fsync that fails. A loop device would not do: it calls a write done that its file took only the beginning of.
 */
export class BlockDisk {
  readonly folder: string;
  readonly #number: string;
  readonly #device: string;

  constructor(place: string, sizeMib: number) {
    this.folder = join(place, 'disk');
    mkdirSync(this.folder, { recursive: true });
    this.#number = readFileSync(`${zramControl}/hot_add`, 'utf8').trim();
    this.#device = `/dev/zram${this.#number}`;
    this.#set('disksize', `${sizeMib}M`);
    // Without a journal ext4 does not keep its word about what was synced before, once a write has failed.
    run('mkfs.ext4', '-q', '-F', '-J', 'size=4', '-m', '0', '-N', '8192', this.#device);
    this.#mount();
    mkdirSync(join(this.folder, 'data'), { mode: 0o700 });
  }

  #set(setting: string, value: string): void {
    writeFileSync(`/sys/block/zram${this.#number}/${setting}`, value);
  }

  #mount(): void {
    run('mount', '-o', 'errors=remount-ro', this.#device, this.folder);
  }

  /** Everything written so far reaches the device. */
  sync(): void {
    run('sync', '-f', this.folder);
  }

  /** From now on whatever is written to the device fails. */
  failSync(): void {
    this.#set('mem_limit', '4096');
  }

  healSync(): void {
    this.#set('mem_limit', '0');
  }

  /** The filesystem turns read-only under whoever has it open, as the kernel does at an error of the medium. */
  turnReadOnly(): void {
    writeFileSync(`/sys/fs/ext4/zram${this.#number}/trigger_fs_error`, '1');
  }

  /** Unmounts and mounts again, so that what never reached the device is gone. Nobody may have files open. */
  remount(): void {
    run('umount', this.folder);
    // As every start of a machine does with a filesystem that has met errors; 1 says that it was mended.
    run('sh', '-c', 'e2fsck -fy "$1" >&2 || test $? -eq 1', 'sh', this.#device);
    this.#mount();
  }

  remove(): void {
    run('umount', this.folder);
    this.#set('reset', '1');
    writeFileSync(`${zramControl}/hot_remove`, this.#number);
  }
}

/** Why there can be no such disks here; undefined where there can. */
export function noDisksBecause(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  if (!readFileSync('/proc/filesystems', 'utf8').includes('ext4')) return 'needs ext4';
  if (!existsSync(zramControl)) return 'needs compressed disks in memory (zram)';
  try {
    run('sh', '-c', 'command -v mkfs.ext4 e2fsck fallocate');
    return undefined;
  } catch {
    return 'needs mkfs.ext4, e2fsck and fallocate';
  }
}
