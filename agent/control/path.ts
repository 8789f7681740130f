import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The longest path of a Unix socket, with room to spare on every system (sun_path of unix(7): 104 to 108 bytes). */
const maxSocketPath = 100;

/**
 * Where the agent of this folder answers: a socket in the folder; where its path would be too long, one in the
 * system's folder for temporary files, and on Windows a named pipe, both with a name made from the folder's.
 */
export function controlPath(folder: string): string {
  const name = `vedette-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const inside = join(folder, 'agent.sock');
  return Buffer.byteLength(inside) <= maxSocketPath ? inside : join(tmpdir(), `${name}.sock`);
}
