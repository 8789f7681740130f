import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { type QueryEnd, type QueryPart, queryBounds } from '#shared/query/bounds.ts';
import { type QueryBounds, runQuery } from '../../../agent/query/engine.ts';
import type { QueryHost } from '../../../agent/query/reader.ts';
import { tempFolder } from '../../temp.ts';

/** This host as it is. */
export const thisHost: QueryHost = {
  fsRoot: '/',
  procRoot: '/proc',
  sysRoot: '/sys',
  etcRoot: '/etc',
  varRoot: '/var',
  runRoot: '/run',
  libRoot: '/lib',
  devRoot: '/dev',
};

/** A host whose files are those below a folder; processes and hardware are this host's. */
export function onFolder(root: string): QueryHost {
  const at = (name: string) => join(root, name);
  return {
    ...thisHost,
    fsRoot: root,
    etcRoot: at('etc'),
    varRoot: at('var'),
    runRoot: at('run'),
    libRoot: at('lib'),
  };
}

/** A folder with these files. */
export function folderWith(t: Test, files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = tempFolder(t);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

export const usualBounds: QueryBounds = {
  rows: queryBounds.usualRows,
  bytes: queryBounds.maxBytes,
  partBytes: queryBounds.maxPartBytes,
};

export interface Answered {
  readonly end: QueryEnd;
  readonly parts: readonly QueryPart[];
  /** Of all parts, each by its columns. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** Asks the engine itself, in this process. */
export async function answer(
  sql: string,
  host = thisHost,
  bounds: Partial<QueryBounds> = {},
): Promise<Answered> {
  const parts: QueryPart[] = [];
  const end = await runQuery(sql, host, { ...usualBounds, ...bounds }, async (part) => {
    parts.push(JSON.parse(part.toString()) as QueryPart);
  });
  const rows = parts.flatMap(({ columns, rows }) =>
    rows.map((values) => Object.fromEntries(columns.map((name, at) => [name, values[at]]))),
  );
  return { end, parts, rows };
}
