import type { TraceField, TraceRecord } from '../linux/trace/format.ts';
import type { Arguments } from './table.ts';

const space = 0x20;

/** The first arguments from what lies behind one another in memory, as many as there are or fit. */
export function probedArguments(
  record: Pick<TraceRecord, 'bytes'>,
  count: number,
  parts: readonly TraceField[],
): Arguments {
  const memory = Buffer.concat(parts.map((part) => record.bytes(part)));
  let end = -1;
  let found = 0;
  while (found < count) {
    const next = memory.indexOf(0, end + 1);
    if (next < 0) break;
    memory[next] = space;
    end = next;
    found++;
  }
  const isWhole = found === count;
  const commandLine = memory.toString('utf8', 0, isWhole ? Math.max(0, end) : memory.length);
  return {
    commandLine,
    keptCommandLine: commandLine,
    argumentCount: count,
    commandLineCut: !isWhole,
  };
}
