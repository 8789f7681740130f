import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A folder of its own for one test, removed at its end. */
export function tempFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
