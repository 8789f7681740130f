/** Asks at the terminal; what is asked goes to stderr, so that stdout stays the answer. */
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { VedetteError } from '#shared/errors.ts';

/** Whether there is somebody to ask. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true;
}

/** One line, shown as it is typed. Throws `usage.invalid` on Ctrl-C. */
export function askShown(question: string): Promise<string> {
  return ask(process.stderr, (lines, answer) => lines.question(question, answer));
}

/** One line that is not shown. Throws `usage.invalid` on Ctrl-C. */
export async function askHidden(question: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await ask(silent, (lines, answer) => {
      // Not before the terminal echoes no more: somebody may type at once.
      process.stderr.write(question);
      lines.question('', answer);
    });
  } finally {
    process.stderr.write('\n');
  }
}

function ask(
  output: NodeJS.WritableStream,
  put: (lines: Interface, answer: (line: string) => void) => void,
): Promise<string> {
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  return new Promise<string>((resolve, reject) => {
    lines.once('SIGINT', () => reject(new VedetteError('usage.invalid', 'Nothing was given.')));
    put(lines, resolve);
  }).finally(() => lines.close());
}

/** The whole of standard input, without the line end. Throws `usage.invalid` for more than a secret can be. */
export async function readSecretFromInput(): Promise<string> {
  let text = '';
  for await (const part of process.stdin) {
    text += String(part);
    if (text.length > 4096)
      throw new VedetteError('usage.invalid', 'Standard input is no secret: it is too long.');
  }
  return text.trim();
}
