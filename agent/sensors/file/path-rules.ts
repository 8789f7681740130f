/** A path worth watching. */
export interface WatchedPath {
  /** Name of the set it belongs to, told as `file.watch`. */
  readonly set: string;
  /**
   * Absolute path with `/` between parts. `*` and `?` stand for parts of a name, `{a,b}` for either, and `**` as the
   * last part for everything below, the folder itself included.
   */
  readonly glob: string;
  /** Only regular files that may be executed. */
  readonly only?: 'executables';
}

/** Levels of folders that `**` reaches. */
export const maxDepth = 6;

type Part = string | RegExp;
interface Pattern {
  readonly path: WatchedPath;
  readonly parts: readonly Part[];
  /** Levels of folders it reaches below its parts. */
  readonly reach: number;
}

/** Which of the rules concern the entries of one folder, and how far each has come. */
type Progress = readonly { readonly pattern: Pattern; readonly at: number }[];

export interface Verdict {
  /** The path is to be reported, as part of this. */
  readonly watched: WatchedPath | undefined;
  /** Something below the path may be, so that if it is a folder it is one to look into. */
  readonly leads: boolean;
}

const nothing: Verdict = { watched: undefined, leads: false };

/** Answers for any path whether it is watched, for any folder whether to look into it. */
export class PathRules {
  readonly #patterns: readonly Pattern[];
  readonly #excludes: readonly Pattern[];

  constructor(paths: readonly WatchedPath[], excludes: readonly string[]) {
    this.#patterns = paths.map((path) => compiled(path));
    this.#excludes = excludes.map((glob) => compiled({ set: '', glob }, Number.POSITIVE_INFINITY));
  }

  verdict(path: string): Verdict {
    return this.below(parentOf(path)).verdict(path.slice(path.lastIndexOf('/') + 1));
  }

  /** The rules for the entries of a folder, for looking at many of them. */
  below(folder: string): FolderRules {
    const parts = partsOf(folder);
    return new FolderRules(advance(this.#patterns, parts), advance(this.#excludes, parts), parts.length);
  }
}

export class FolderRules {
  readonly #progress: Progress;
  readonly #excluded: Progress;
  readonly #depth: number;

  constructor(progress: Progress, excluded: Progress, depth: number) {
    this.#progress = progress;
    this.#excluded = excluded;
    this.#depth = depth;
  }

  /** Whether any entry can be of interest. */
  get leads(): boolean {
    return this.#progress.length > 0;
  }

  verdict(name: string): Verdict {
    let verdict = nothing;
    for (const one of this.#progress) {
      const found = verdictOf(one, name, this.#depth);
      if (found === nothing) continue;
      verdict = { watched: verdict.watched ?? found.watched, leads: verdict.leads || found.leads };
    }
    if (verdict === nothing) return nothing;
    const out = this.#excluded.some((one) => verdictOf(one, name, this.#depth).watched !== undefined);
    return out ? nothing : verdict;
  }
}

function verdictOf({ pattern, at }: Progress[number], name: string, depth: number): Verdict {
  const { parts, reach, path } = pattern;
  if (at === parts.length) {
    return { watched: path, leads: depth + 1 < parts.length + reach };
  }
  if (!fits(parts[at], name)) return nothing;
  const last = at + 1 === parts.length;
  return { watched: last ? path : undefined, leads: !last || reach > 0 };
}

/** The patterns that agree with these leading parts and go on behind them. */
function advance(patterns: readonly Pattern[], folder: readonly string[]): Progress {
  const progress: { pattern: Pattern; at: number }[] = [];
  for (const pattern of patterns) {
    const { parts, reach } = pattern;
    const shared = Math.min(parts.length, folder.length);
    let at = 0;
    while (at < shared && fits(parts[at], folder[at] ?? '')) at++;
    if (at < shared) continue;
    if (folder.length < parts.length + reach) progress.push({ pattern, at });
  }
  return progress;
}

function fits(part: Part | undefined, name: string): boolean {
  return typeof part === 'string' ? part === name : part?.test(name) === true;
}

function compiled(path: WatchedPath, everything = 0): Pattern {
  const names = partsOf(path.glob);
  const deep = names.at(-1) === '**';
  const parts = (deep ? names.slice(0, -1) : names).map((name) =>
    /[*?{]/.test(name) ? regexpOf(name) : name,
  );
  return { path, parts, reach: deep ? Math.max(maxDepth, everything) : everything };
}

function regexpOf(name: string): RegExp {
  const source = name.replace(/\*+|\?|\{[^{}]*\}|[^*?{]|\{/g, (token) => {
    if (token.startsWith('*')) return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 1 && token.startsWith('{')) {
      return `(?:${token.slice(1, -1).split(',').map(literal).join('|')})`;
    }
    return literal(token);
  });
  return new RegExp(`^${source}$`, 's');
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** The parts of a path, without the empty ones. */
export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

/** The folder a path is in; `/` for its children. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/';
}

/** The path up to the first part that holds a sign of a glob. */
export function literalPrefix(glob: string): string {
  const parts = partsOf(glob);
  const end = parts.findIndex((part) => /[*?{]/.test(part));
  return `${glob.startsWith('/') ? '/' : ''}${parts.slice(0, end < 0 ? undefined : end).join('/')}`;
}

export function joined(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}
