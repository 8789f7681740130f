/** The flags `up` and `collector` share; apart from serve.ts, so that other commands do not load the collector. */
import { type Command, Option } from 'commander';
import { addDataOption } from '#shared/terminal.ts';
import { collectorSettings } from '../config.ts';
import { wholeNumber } from './options.ts';

export interface ServeOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly agentHost?: string;
  readonly agentPort?: number;
  readonly logLevel?: string;
  readonly encryptionKeyFile?: string;
}

const port = wholeNumber(0, 65_535);

export function addServeOptions(command: Command): Command {
  const { host, port: apiPort, agentHost, agentPort } = collectorSettings;
  return addDataOption(command)
    .option('--host <address>', `${host.doc} (default: ${host.default})`)
    .option('--port <n>', `${apiPort.doc} (default: ${apiPort.default})`, port)
    .option('--agent-host <address>', `${agentHost.doc} (default: ${agentHost.default})`)
    .option('--agent-port <n>', `${agentPort.doc} (default: ${agentPort.default})`, port)
    .option(
      '--encryption-key-file <file>',
      'encrypt what is stored under the keys of this file; makes it where it is not there yet',
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged').choices([
        ...collectorSettings.logLevel.choices,
      ]),
    )
    .option('--json', 'print one JSON object a line: first the addresses; logs are JSON too');
}
