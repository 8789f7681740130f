/** The process that answers queries: started by query-process.ts, ends with the agent. */
import { setPriority } from 'node:os';
import { VedetteError } from '#shared/errors.ts';
import { runQuery } from './engine.ts';
import type { FromQueryProcess, ToQueryProcess } from './messages.ts';

/** What runs on the host goes before the questions about it. */
const niceness = 5;

let taken: (() => void) | undefined;

function say(message: FromQueryProcess): void {
  process.send?.(message);
}

async function ask({ sql, host, bounds }: ToQueryProcess & { readonly kind: 'ask' }): Promise<void> {
  try {
    const end = await runQuery(sql, host, bounds, (data) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      taken = resolve;
      say({ kind: 'part', data });
      return promise;
    });
    say({ kind: 'end', end });
  } catch (error) {
    if (error instanceof VedetteError) say({ kind: 'failed', code: error.code, detail: error.detail });
    else say({ kind: 'failed', code: 'query.failed', detail: `${(error as Error).message}.` });
  }
}

process.on('message', (message: ToQueryProcess) => {
  if (message.kind === 'ask') void ask(message);
  else taken?.();
});
process.on('disconnect', () => process.exit(0));
try {
  setPriority(niceness);
} catch {
  // Not allowed here: it runs as it is.
}
