import { queryRun as spec } from '#shared/commands/query-run.ts';
import { maxOutputBytes } from '#shared/commands/spec.ts';
import { queryBounds } from '#shared/query/bounds.ts';
import type { Answer, CommandKind } from '../kind.ts';

/** Of the output's bound, for what is not rows. */
const frameBytes = 32 * 1024;

export const queryRun: CommandKind = {
  spec,
  // A question never holds up an action.
  isAside: true,
  async run(args, { query }, signal, sendPart): Promise<Answer> {
    const isStreamed = args['stream'] === true && sendPart !== undefined;
    const kept: Buffer[] = [];
    const end = await query({
      sql: String(args['sql']),
      timeoutMs: Number(args['timeoutMs'] ?? queryBounds.usualTimeoutMs),
      bounds: {
        rows: Number(args['rows'] ?? queryBounds.usualRows),
        bytes: isStreamed ? queryBounds.maxBytes : maxOutputBytes - frameBytes,
        partBytes: queryBounds.maxPartBytes,
      },
      async take(part) {
        if (isStreamed) await sendPart(part);
        else kept.push(Buffer.from(part));
      },
      signal,
    });
    const rows = kept.flatMap((part) => (JSON.parse(part.toString()) as { rows: unknown[] }).rows);
    return { output: isStreamed ? { ...end } : { ...end, values: rows }, cut: end.cut };
  },
};
