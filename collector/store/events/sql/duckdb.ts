import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { KeyRing } from '../../../encryption/key-ring.ts';
import { quoteText } from './views.ts';

export interface DuckdbOptions {
  readonly threads: number;
  readonly memoryBytes: number;
  /** Where sorts and joins that outgrow memory go, and how much of them. */
  readonly spillFolder: string;
  readonly spillBytes: number;
  /** The only folders whose files may be read or written. */
  readonly folders: readonly string[];
  readonly connections: number;
}

/**
 * Connections to one database in memory that reaches no file outside its folders, no network and no extension, and
 * whose settings cannot be changed any more. What a connection may be asked is checked before (statement.ts).
 */
export async function openDuckdb(options: DuckdbOptions): Promise<readonly DuckDBConnection[]> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads),
    memory_limit: `${Math.floor(options.memoryBytes / 1024 ** 2)}MiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    errors_as_json: 'true',
  });
  const connections = await Promise.all(
    Array.from({ length: options.connections }, () => instance.connect()),
  );
  // Progress is a setting of each connection, so it must be made before settings are locked for all.
  for (const connection of connections) {
    await connection.run('SET enable_progress_bar = true');
    await connection.run('SET enable_progress_bar_print = false');
    await connection.run('SET progress_bar_time = 0');
  }
  const folders = options.folders.map((folder) => quoteText(`${folder}/`)).join(', ');
  const spill = options.spillBytes === 0 ? '' : options.spillFolder;
  for (const setting of [
    `TimeZone = 'UTC'`,
    `temp_directory = ${quoteText(spill)}`,
    `max_temp_directory_size = '${Math.floor(options.spillBytes / 1024 ** 2)}MiB'`,
    `allowed_directories = [${folders}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ])
    await (connections[0] as DuckDBConnection).run(`SET GLOBAL ${setting}`);
  return connections;
}

/** Gives the engine the keys of the ring that it does not have; `known` are the ids of those it has. */
export async function addKeys(
  connection: DuckDBConnection,
  ring: KeyRing,
  known: Set<string>,
): Promise<void> {
  for (const id of ring.ids) {
    if (known.has(id)) continue;
    const secret = ring.byId(id).bytes.toString('base64');
    await connection.run(`PRAGMA add_parquet_key(${quoteText(id)}, ${quoteText(secret)})`);
    known.add(id);
  }
}
