/** Which way imports may go. The rules are facts below; a breach is one line. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface ImportRule {
  /** Files the rule is about, by the start of their path. */
  readonly from: string;
  /** What they may not import, by the start of the path (or the name of a package). */
  readonly never: readonly string[];
  /** What they may import all the same. */
  readonly except?: readonly string[];
  readonly why: string;
}

export const importRules: readonly ImportRule[] = [
  {
    from: 'shared/',
    never: ['agent/', 'collector/', 'scripts/', 'test/'],
    why: 'shared imports neither side',
  },
  { from: 'agent/', never: ['collector/', 'scripts/', 'test/'], why: 'agent and collector never meet' },
  {
    from: 'agent/',
    never: ['fastify', 'kysely', 'pino', 'yaml', 'react'],
    why: "the agent's set of libraries stays small",
  },
  { from: 'collector/', never: ['agent/', 'scripts/', 'test/'], why: 'agent and collector never meet' },
  ...['ingest', 'detect', 'api'].map((part) => ({
    from: `collector/${part}/`,
    never: ['ingest', 'detect', 'api', 'cli', 'rules', 'fleet']
      .filter((p) => p !== part)
      .map((p) => `collector/${p}/`),
    except: ['collector/detect/contract.ts'],
    why: 'parts of the collector get one another as functions from main.ts',
  })),
  ...['ingest', 'detect', 'api', 'auth', 'fleet', 'cli'].map((part) => ({
    from: `collector/${part}/`,
    never: ['collector/store/'],
    except: ['collector/store/contract.ts', 'collector/store/journal/contract.ts'],
    why: 'stores are reached through their contract',
  })),
  ...['collector/detect/', 'shared/detect/'].map((from) => ({
    from,
    never: [
      'node:fs',
      'node:net',
      'node:http',
      'node:https',
      'node:child_process',
      'better-sqlite3',
      'kysely',
    ],
    why: 'detection does no I/O',
  })),
  {
    from: 'shared/sigma/parse/',
    never: ['shared/sigma/compile/', 'shared/sigma/match/'],
    why: 'parse → compile → match',
  },
  { from: 'shared/sigma/compile/', never: ['shared/sigma/match/'], why: 'parse → compile → match' },
  {
    from: 'shared/events/',
    never: ['shared/protocol/', 'shared/sigma/'],
    why: 'declarations hold facts only',
  },
];

const roots = ['agent', 'collector', 'shared'];
const statement =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

/** Source files below the roots, by path from the top. */
export function sourceFiles(top: string): string[] {
  return roots.flatMap((root) =>
    readdirSync(join(top, root), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('/dist'))
      .map((entry) => relative(top, join(entry.parentPath, entry.name))),
  );
}

/** What a file imports: paths from the top for files of ours, names for packages. */
export function importsOf(file: string, text: string): string[] {
  return [...text.matchAll(statement)].map((m) => {
    const target = (m[1] ?? m[2]) as string;
    if (target.startsWith('#shared/')) return target.slice(1);
    return target.startsWith('.') ? join(dirname(file), target) : target;
  });
}

function isBelow(path: string, prefix: string): boolean {
  return prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path.startsWith(`${prefix}/`);
}

/** Breaches of the rules, one line each. */
export function breaches(
  graph: ReadonlyMap<string, readonly string[]>,
  rules: readonly ImportRule[],
): string[] {
  const out: string[] = [];
  for (const [file, targets] of graph) {
    for (const rule of rules) {
      if (!file.startsWith(rule.from)) continue;
      for (const target of targets) {
        if (!rule.never.some((never) => isBelow(target, never))) continue;
        if (rule.except?.includes(target)) continue;
        out.push(`${file} imports ${target}: ${rule.why}`);
      }
    }
  }
  return out;
}

/** Import cycles, each once, as the files on it. */
export function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const trail: string[] = [];
  const visit = (file: string): void => {
    state.set(file, 'open');
    trail.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (state.get(target) === 'open') found.push([...trail.slice(trail.indexOf(target)), target]);
      else if (state.get(target) === undefined) visit(target);
    }
    trail.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) if (state.get(file) === undefined) visit(file);
  return found;
}

export function importGraph(top: string): Map<string, readonly string[]> {
  return new Map(
    sourceFiles(top).map((file) => [file, importsOf(file, readFileSync(join(top, file), 'utf8'))]),
  );
}

/** Everything that is wrong with the imports of the checkout, one line each. */
export function checkImports(top: string): string[] {
  const graph = importGraph(top);
  return [...breaches(graph, importRules), ...cycles(graph).map((c) => `import cycle: ${c.join(' → ')}`)];
}
