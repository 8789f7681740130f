import type { Stats } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogue, type ErrorCode } from '#shared/errors.ts';
import type { RuleText } from '#shared/rules/compile.ts';
import type { RuleProblem } from '#shared/sigma/index.ts';

/** Bounds on what is walked and read. */
export const fileBounds = { sizeBytes: 2 << 20, files: 50_000, depth: 32 } as const;

/**
 * Reads rule files: each path is a file, or a folder of which every `*.yml` and `*.yaml` below is taken, but not
 * `*.test.yml`. Links are followed, each real file and folder once. What cannot be read is a problem, not an end.
 */
export async function readRuleFiles(
  paths: readonly string[],
): Promise<{ readonly texts: readonly RuleText[]; readonly problems: readonly RuleProblem[] }> {
  const walk = new RuleWalk(isRuleName);
  for (const path of paths) await walk.visit(path, 0, true);
  return walk;
}

/** The same for files of another kind: of folders those whose name passes. */
export async function readTextFiles(
  paths: readonly string[],
  name: RegExp = /$/,
): Promise<{ readonly texts: readonly RuleText[]; readonly problems: readonly RuleProblem[] }> {
  const walk = new RuleWalk((one) => name.test(one));
  for (const path of paths) await walk.visit(path, 0, true);
  return walk;
}

class RuleWalk {
  readonly texts: RuleText[] = [];
  readonly problems: RuleProblem[] = [];
  readonly #seen = new Set<string>();
  readonly #isMeant: (name: string) => boolean;

  constructor(isMeant: (name: string) => boolean) {
    this.#isMeant = isMeant;
  }

  async visit(path: string, depth: number, named: boolean): Promise<void> {
    let real: string;
    let stats: Stats;
    try {
      real = await realpath(path);
      stats = await stat(real);
    } catch (error) {
      this.#problem('rule.unreadable', path, (error as Error).message);
      return;
    }
    if (this.#seen.has(real)) return;
    this.#seen.add(real);
    if (stats.isDirectory()) await this.#folder(path, depth);
    else if (!stats.isFile()) {
      if (named) this.#problem('rule.unreadable', path, 'It is neither a file nor a folder.');
    } else await this.#file(path, stats.size);
  }

  async #folder(path: string, depth: number): Promise<void> {
    if (depth > fileBounds.depth) {
      this.#problem('rule.too_large', path, `Folders nest deeper than ${fileBounds.depth}.`);
      return;
    }
    try {
      const entries = await readdir(path, { withFileTypes: true });
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        if (entry.isFile() && !this.#isMeant(entry.name)) continue;
        if (entry.isSymbolicLink() && !this.#isMeant(entry.name) && !(await isFolder(join(path, entry.name))))
          continue;
        await this.visit(join(path, entry.name), depth + 1, false);
      }
    } catch (error) {
      this.#problem('rule.unreadable', path, (error as Error).message);
    }
  }

  async #file(file: string, sizeBytes: number): Promise<void> {
    if (sizeBytes > fileBounds.sizeBytes || this.texts.length >= fileBounds.files) {
      const bound =
        sizeBytes > fileBounds.sizeBytes ? `${fileBounds.sizeBytes} bytes` : `${fileBounds.files} files`;
      this.#problem('rule.too_large', file, `It goes beyond the bound of ${bound}.`);
      return;
    }
    try {
      this.texts.push({ file, text: await readFile(file, 'utf8') });
    } catch (error) {
      this.#problem('rule.unreadable', file, (error as Error).message);
    }
  }

  #problem(code: ErrorCode, file: string, message: string): void {
    const { action } = catalogue[code];
    this.problems.push({ severity: 'error', code, file, line: 1, column: 1, message, action });
  }
}

function isRuleName(name: string): boolean {
  return /\.ya?ml$/i.test(name) && !/\.test\.ya?ml$/i.test(name);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
