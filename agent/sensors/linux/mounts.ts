import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Mounts that are read; hosts of many containers have thousands. */
const maxMounts = 20_000;

export interface Mount {
  readonly path: string;
  /** Type of the file system, e.g. ext4. */
  readonly type: string;
}

/** File systems that hold no files of their own: the kernel's views of itself. */
const virtual =
  /^(?:proc|sysfs|cgroup2?|devpts|devtmpfs|debugfs|tracefs|securityfs|pstore|bpf|configfs|fusectl|mqueue|hugetlbfs|rpc_pipefs|binfmt_misc|efivarfs|selinuxfs|smackfs|nsfs|autofs|squashfs)$/;
/** File systems of other hosts, where a look may take for ever and is not ours to take. */
const remote =
  /^(?:nfs\d*|cifs|smb3?|smbfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|ocfs2|gfs2?|9p|virtiofs|fuse(?:\..*)?|davfs|coda|ncpfs|sshfs)$/;

/** The mounts of this process, from /proc/self/mountinfo (proc(5)); none when it cannot be read. */
export function readMounts(procRoot: string): Mount[] {
  try {
    return parseMounts(readFileSync(join(procRoot, 'self/mountinfo'), 'utf8'));
  } catch {
    return [];
  }
}

/** Of several mounts at one path the last is the one that is seen. */
export function parseMounts(mountinfo: string): Mount[] {
  const mounts = new Map<string, Mount>();
  for (const line of mountinfo.split('\n', maxMounts)) {
    const [before = '', after = ''] = line.split(' - ', 2);
    const path = before.split(' ')[4];
    const type = after.split(' ', 1)[0];
    if (path?.startsWith('/') !== true || !type) continue;
    const plain = path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    mounts.set(plain, { path: plain, type });
  }
  return [...mounts.values()];
}

/** True for a file system of another host, and for one that may become so when it is looked at. */
export function isRemote({ type }: Mount): boolean {
  return remote.test(type) || type === 'autofs';
}

/** True for a file system with files on this host. */
export function isLocal({ type }: Mount): boolean {
  return !virtual.test(type) && !remote.test(type);
}
