import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';

/** Tests write inside the checkout only. */
const base = join(import.meta.dirname, '../.tap/tmp');

/** A fresh folder whose name begins with `prefix`; the caller removes it. */
export function makeTempFolder(prefix: string): string {
  mkdirSync(base, { recursive: true });
  return mkdtempSync(join(base, prefix));
}

/** A folder of its own for one test, removed at its end. */
export function tempFolder(t: Test): string {
  const folder = makeTempFolder('test-');
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
