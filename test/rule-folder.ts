import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { tempFolder } from './temp.ts';

/** A rule about a user whose name begins with something, and its test. */
export function userRule(id: string, begins: string): string {
  return `title: User ${begins}
id: ${id}
status: test
logsource: { category: account_change, product: linux }
detection: { s: { user.name|startswith: '${begins}' }, condition: s }
level: high
`;
}

export function userTest(hit: string, miss: string): string {
  const event = (name: string) => `{ type: account.change, event.action: user-added, user.name: ${name} }`;
  return `cases:
  - { name: it is one, expect: hit, events: [ ${event(hit)} ] }
  - { name: it nearly is, expect: miss, events: [ ${event(miss)} ] }
`;
}

/** Writes files by path below a folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A folder of rules that is removed with the test. */
export function ruleFolder(t: Test, files: Readonly<Record<string, string>>): string {
  const folder = tempFolder(t);
  writeFiles(folder, files);
  return folder;
}
