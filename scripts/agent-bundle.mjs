// The agent in few files: without types, comments and the cost of 400 modules, some 5 MB of its memory. Set-up makes
// it; scripts/vedette.mjs runs it as long as none of the files it was made of has changed since.
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, '.cache', 'agent');
const manifest = join(folder, 'made-of.json');
const entry = join(folder, 'cli.mjs');

/** Native code, and what only hosts without a provider of their own load. */
const external = [
  /^node:/,
  'better-sqlite3',
  'bufferutil',
  'node-os-utils',
  'pcap',
  'ps-list',
  'systeminformation',
];

function stampOf(path) {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}

/** Path of the bundle's entry; undefined when there is none, or the files it was made of are no longer the same. */
export function currentBundle() {
  try {
    const stamps = Object.entries(JSON.parse(readFileSync(manifest, 'utf8')));
    return stamps.every(([path, stamp]) => stampOf(path) === stamp) ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** V8 keeps a text of ASCII at half the size; without comments others stand in literals alone. */
function ascii(code) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return code.replace(/\P{ASCII}/gu, (one) => one.split('').map(escaped).join(''));
}

/** Makes the bundle anew. */
export async function makeBundle() {
  const { rolldown } = await import('rolldown');
  // Gone first: a bundle counts once its manifest is written.
  rmSync(folder, { recursive: true, force: true });
  const stamps = {};
  const sources = {
    name: 'sources',
    // Where the files that a module reads beside itself are.
    transform(code, id) {
      if (isAbsolute(id)) stamps[id] = stampOf(id);
      return code.replaceAll('import.meta.dirname', JSON.stringify(dirname(id)));
    },
  };
  // A process of its own: agent/query/query-process.ts looks for it beside itself.
  const input = {
    cli: join(root, 'agent', 'cli.ts'),
    'query-child': join(root, 'agent', 'query', 'child.ts'),
  };
  // Nothing in shared/ acts by being loaded, so what reads YAML is not loaded with what compiles rules.
  const treeshake = { moduleSideEffects: [{ test: /[\\/](?:shared|yaml)[\\/]/, sideEffects: false }] };
  const options = { input, platform: 'node', external, plugins: [sources], logLevel: 'warn', treeshake };
  const bundle = await rolldown(options);
  const { output } = await bundle.generate({
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    // Names stay: they are what a stack trace is read by.
    minify: { compress: true, mangle: false, codegen: true },
  });
  await bundle.close();
  mkdirSync(folder, { recursive: true });
  for (const { fileName, code } of output) writeFileSync(join(folder, fileName), ascii(code));
  writeFileSync(manifest, JSON.stringify(stamps));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makeBundle();
