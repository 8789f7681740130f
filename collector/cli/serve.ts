/** What `up` and `collector` share: flags, start, end. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Logger } from 'pino';
import { addDataOption, dataFolder } from '#shared/terminal.ts';
import { collectorSettings } from '../config.ts';
import { type RunningCollector, startCollector } from '../main.ts';
import { createLogger } from './log.ts';
import { wholeNumber } from './options.ts';

export interface ServeOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly agentHost?: string;
  readonly agentPort?: number;
  readonly logLevel?: string;
}

const port = wholeNumber(0, 65_535);

export function addServeOptions(command: Command): Command {
  const { host, port: apiPort, agentHost, agentPort } = collectorSettings;
  return addDataOption(command)
    .option('--host <address>', `${host.doc} (default: ${host.default})`)
    .option('--port <n>', `${apiPort.doc} (default: ${apiPort.default})`, port)
    .option('--agent-host <address>', `${agentHost.doc} (default: ${agentHost.default})`)
    .option('--agent-port <n>', `${agentPort.doc} (default: ${agentPort.default})`, port)
    .addOption(
      new Option('--log-level <level>', 'least level that is logged').choices([
        ...collectorSettings.logLevel.choices,
      ]),
    )
    .option('--json', 'print one JSON object a line: first the addresses; logs are JSON too');
}

export interface Serving {
  readonly collector: RunningCollector;
  readonly logger: Logger;
  readonly folder: string;
}

/** Starts the collector of the flags. Throws its coded errors. */
export async function serve(options: ServeOptions, usualLevel: string): Promise<Serving> {
  const folder = dataFolder(options.data);
  const { host, port, agentHost, agentPort } = options;
  const logger = createLogger(options.json ? 'json' : 'plain', options.logLevel ?? usualLevel);
  const collector = await startCollector({
    folder,
    overrides: { host, port, agentHost, agentPort },
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
