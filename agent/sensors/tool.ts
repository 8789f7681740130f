import { execFile } from 'node:child_process';

const timeoutMs = 30_000;
/** Bytes of output; what gives more is treated as failed, so that half an inventory is never taken for a whole. */
const maxBytes = 32 * 1024 * 1024;

/**
 * Output of a tool of the system, run without a shell and with the C locale; undefined when it is missing, fails,
 * takes longer than 30 s or says more than 32 MiB.
 */
export function toolOutput(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      maxBuffer: maxBytes,
      windowsHide: true,
      env: { ...process.env, LC_ALL: 'C' },
    };
    execFile(command, args, options, (error, stdout) => resolve(error === null ? stdout : undefined));
  });
}
