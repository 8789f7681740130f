import { type Arguments, maxOutputBytes, type ResultStatus } from '#shared/commands/spec.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { Answer, CommandHost, CommandKind, SendPart } from './kind.ts';

/** How a command ended. `output` is JSON in UTF-8. */
export interface Ending {
  readonly status: ResultStatus;
  readonly code?: ErrorCode;
  readonly detail?: string;
  readonly output?: Uint8Array;
  readonly cut?: number;
}

/** Runs a kind within its time; never rejects. */
export async function endingOf(
  kind: CommandKind,
  args: Arguments,
  host: CommandHost,
  unwanted: AbortSignal,
  sendPart: SendPart | undefined,
): Promise<Ending> {
  const { timeoutMs } = kind.spec;
  const signal = AbortSignal.any([unwanted, AbortSignal.timeout(timeoutMs)]);
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  signal.addEventListener('abort', () =>
    late.reject(
      unwanted.aborted
        ? new VedetteError('command.canceled', 'It was given up before it was done.')
        : new VedetteError('command.timed_out', `It took longer than ${timeoutMs / 1000} s.`),
    ),
  );
  try {
    return doneOf(await Promise.race([kind.run(args, host, signal, sendPart), late.promise]));
  } catch (error) {
    if (error instanceof VedetteError) return { status: 'failed', code: error.code, detail: error.detail };
    return { status: 'failed', code: 'command.failed', detail: `${(error as Error).message}.` };
  }
}

function doneOf({ output, cut = 0 }: Answer): Ending {
  if (output === undefined) return { status: 'done' };
  const bytes = Buffer.from(JSON.stringify(output));
  if (bytes.length > maxOutputBytes)
    throw new VedetteError(
      'command.output_too_large',
      `${bytes.length} bytes; the bound is ${maxOutputBytes}.`,
    );
  return { status: 'done', output: bytes, cut };
}
