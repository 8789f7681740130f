/** What a browser must fetch before it shows anything. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { build } from 'vite';

const web = join(import.meta.dirname, '../../../collector/web');
const maxBytes = 250 * 1024;

/** Files a built file names that are loaded with it: what it imports, not what it may import later. */
function namedIn(file: string, text: string): readonly string[] {
  if (file.endsWith('.html'))
    return [...text.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1] ?? '');
  return [...text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)].map(
    (match) => `assets/${match[1]}`,
  );
}

function reached(folder: string): ReadonlyMap<string, Buffer> {
  const files = new Map<string, Buffer>();
  const waiting = ['index.html'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (files.has(file)) continue;
    const bytes = readFileSync(join(folder, file));
    files.set(file, bytes);
    if (/\.(?:html|js)$/.test(file)) waiting.push(...namedIn(file, bytes.toString()));
  }
  return files;
}

t.test('the first load is small', async (t) => {
  const outDir = join(t.testdir(), 'web');
  await build({ root: web, configFile: join(web, 'vite.config.ts'), logLevel: 'error', build: { outDir } });
  const files = reached(outDir);
  const sizes = [...files].map(([file, bytes]) => [file, gzipSync(bytes).length] as const);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  t.comment(`${total} bytes gzipped: ${sizes.map(([file, size]) => `${file} ${size}`).join(', ')}`);
  t.ok(files.size >= 3, 'page, script and style');
  t.ok(total > 50_000, 'React alone is that much: the files were found');
  t.ok(total < maxBytes, `${total} bytes`);
  const text = [...files.values()].map(String).join('\n');
  // Names of files that wait are in the list of what to load when.
  const code = text.replaceAll(/[\w./-]*uPlot[\w.-]*\.(?:js|css)/g, '');
  t.notMatch(code, /uPlot|createSortedRowModel/, 'charts and tables wait for the pages that need them');
  t.notMatch(
    text.replaceAll(/https?:\/\/(?:www\.w3\.org|react\.dev|[\w.-]*tanstack\.com)[^\s"'`]*/g, ''),
    /src="https?:/,
  );
});
