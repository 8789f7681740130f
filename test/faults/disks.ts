/** Small disks of their own for the two sides. They need root, and the collector's a loop device. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
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

/** More than the journal, bitmaps and inodes of a loop disk take. */
const ownMib = 8;

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

/**
 * An ext4 on a loop device whose blocks come from a disk in memory as they are first written. Where that has no room
 * left, writes still go into the page cache, and it is fsync that fails and lets go of them.
 */
export class LoopDisk {
  readonly folder: string;
  readonly #backing: MemoryDisk;
  readonly #device: string;
  readonly #options: string;

  constructor(place: string, sizeMib: number) {
    this.folder = join(place, 'disk');
    mkdirSync(this.folder, { recursive: true });
    this.#backing = new MemoryDisk(join(place, 'backing'), sizeMib + 16);
    const image = join(this.#backing.folder, 'image');
    run('truncate', '-s', `${sizeMib}m`, image);
    // Without a journal ext4 does not keep its word about what was synced before, once a write has failed.
    const own = [
      '-J',
      'size=4',
      '-E',
      'lazy_itable_init=0,lazy_journal_init=0,nodiscard,packed_meta_blocks=1',
      '-m',
      '0',
      '-N',
      '8192',
    ];
    run('mkfs.ext4', '-q', '-F', ...own, image);
    // What the filesystem itself needs is at its beginning, and gets its place now: it is data that finds none later.
    run('dd', `if=${image}`, `of=${image}`, 'bs=1M', `count=${ownMib}`, 'conv=notrunc', 'status=none');
    this.#device = run('losetup', '-f', '--show', image).trim();
    this.#options = 'errors=remount-ro';
    this.#mount();
    mkdirSync(join(this.folder, 'data'), { mode: 0o700 });
  }

  #mount(): void {
    run('mount', '-o', this.#options, this.#device, this.folder);
  }

  /** Everything written so far reaches the device. */
  sync(): void {
    run('sync', '-f', this.folder);
  }

  /** From now on fsync of new blocks fails. */
  failSync(): void {
    fillDisk(this.#backing.folder);
  }

  healSync(): void {
    emptyDisk(this.#backing.folder);
  }

  /** The filesystem turns read-only under whoever has it open, as the kernel does at an error of the medium. */
  turnReadOnly(): void {
    const name = this.#device.slice('/dev/'.length);
    run('sh', '-c', 'echo 1 > "$1"', 'sh', `/sys/fs/ext4/${name}/trigger_fs_error`);
  }

  /** Unmounts and mounts again, so that what never reached the device is gone. Nobody may have files open. */
  remount(): void {
    run('umount', this.folder);
    // As every start of a machine does with a filesystem that has met errors; 1 says that it was mended.
    run('sh', '-c', 'e2fsck -fy "$1" >&2 || test $? -eq 1', 'sh', this.#device);
    this.#mount();
  }

  remove(): void {
    try {
      run('umount', '-l', this.folder);
    } finally {
      run('losetup', '-d', this.#device);
      this.#backing.remove();
      rmSync(this.#backing.folder, { recursive: true, force: true });
    }
  }
}

/** Why there can be no such disks here; undefined where there can. */
export function noDisksBecause(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  if (!readFileSync('/proc/filesystems', 'utf8').includes('ext4')) return 'needs ext4';
  try {
    run('sh', '-c', 'command -v losetup mkfs.ext4 fallocate && losetup -f');
    return undefined;
  } catch {
    return 'needs losetup, mkfs.ext4, fallocate and a free loop device';
  }
}
