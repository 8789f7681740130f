import { shortTime } from '#shared/output.ts';

export interface LinedProcess {
  readonly depth: number;
  readonly pid: number | null;
  readonly name: string | null;
  readonly user: string | null;
  readonly commandLine: string | null;
  readonly startedAt: string | null;
  /** Alerts about it: it is marked. */
  readonly alertIds: readonly string[];
}

/** Processes as an indented tree, a line each, in the order they are given: each after its parent. */
export function processLines(processes: readonly LinedProcess[]): string[] {
  const top = Math.min(...processes.map(({ depth }) => depth));
  return processes.map((process, i) => {
    const { depth, pid, name, user, commandLine, startedAt, alertIds } = process;
    const branch =
      depth === top ? '' : `${stems(processes, i, top)}${isLast(processes, i, depth) ? '└─ ' : '├─ '}`;
    const facts = [user, startedAt === null ? null : shortTime(startedAt)].filter((fact) => fact !== null);
    const mark = alertIds.length === 0 ? '' : alertIds.length === 1 ? ' ◄' : ` ◄ ${alertIds.length} alerts`;
    const told = facts.length === 0 ? '' : `  [${facts.join(', ')}]`;
    return `${branch}${pid ?? '?'} ${commandLine ?? name ?? 'unknown'}${told}${mark}`;
  });
}

/** Whether no later process stands beside this one under the same parent. */
function isLast(processes: readonly LinedProcess[], i: number, depth: number): boolean {
  for (let j = i + 1; j < processes.length; j++) {
    const other = (processes[j] as LinedProcess).depth;
    if (other < depth) return true;
    if (other === depth) return false;
  }
  return true;
}

/** What stands before the branch: a line for each ancestor that has more children to come. */
function stems(processes: readonly LinedProcess[], i: number, top: number): string {
  const { depth } = processes[i] as LinedProcess;
  let out = '';
  for (let level = top + 1; level < depth; level++) out += isLast(processes, i, level) ? '   ' : '│  ';
  return out;
}
