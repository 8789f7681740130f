import { maxOutputBytes, maxOutputDepth, type ResultStatus, resultStatuses } from '#shared/commands/spec.ts';
import { catalogue } from '#shared/errors.ts';
import type { AgentFrame } from '#shared/protocol/frames.ts';
import type { CommandResult } from '../store/contract.ts';

const maxDetail = 1024;

function isWithinDepth(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((one) => isWithinDepth(one, left - 1));
}

/** The object an output holds, null for none; undefined when it is anything else, too large or too deep. */
function outputOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | null | undefined {
  if (bytes.length === 0) return null;
  if (bytes.length > maxOutputBytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return isWithinDepth(value, maxOutputDepth) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a result says, each part within its bounds; everything an agent says is hostile until checked. One that cannot
 * be a result ends its command as failed with `command.result_malformed`, or the agent would send it for ever.
 */
export function resultFrom(frame: AgentFrame & { readonly kind: 'result' }): CommandResult {
  const status = resultStatuses.find((known) => known === frame.status);
  const output = outputOf(frame.output);
  const isCode = frame.code === '' ? frame.status === 'done' : Object.hasOwn(catalogue, frame.code);
  if (status === undefined || output === undefined || !isCode) {
    return {
      status: 'failed' satisfies ResultStatus,
      code: 'command.result_malformed',
      detail: 'The answer of the agent names no known status and code, or its output is no JSON object.',
      output: null,
      cut: 0,
    };
  }
  return {
    status,
    code: frame.code,
    detail: frame.detail.slice(0, maxDetail).toWellFormed(),
    output,
    cut: frame.cut,
  };
}
