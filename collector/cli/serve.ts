/** How `up` and `collector` start and end. */
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { dataFolder } from '#shared/terminal.ts';
import { type RunningCollector, startCollector } from '../main.ts';
import { createLogger } from './log.ts';
import type { ServeOptions } from './serve-options.ts';

export interface Serving {
  readonly collector: RunningCollector;
  readonly logger: Logger;
  readonly folder: string;
}

/** Starts the collector of the flags. Throws its coded errors. */
export async function serve(options: ServeOptions, usualLevel: string): Promise<Serving> {
  // What is stored is for this user only, whatever the mode of the folder.
  process.umask(0o077);
  const folder = dataFolder(options.data);
  const { host, port, agentHost, agentPort, encryptionKeyFile } = options;
  const keyFile = encryptionKeyFile === undefined ? undefined : resolve(encryptionKeyFile);
  const logger = createLogger(options.json ? 'json' : 'plain', options.logLevel ?? usualLevel);
  const collector = await startCollector({
    folder,
    overrides: { host, port, agentHost, agentPort, encryptionKeyFile: keyFile },
    logger,
    onFatal: (error) => {
      logger.fatal({ err: error }, 'the collector cannot go on');
      process.exit(1);
    },
  });
  return { collector, logger, folder };
}

/** On SIGINT or SIGTERM runs `stop`, and ends whatever happens within ten seconds; a second signal ends at once. */
export function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const end = () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), 10_000).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}
