/** `vedette agent` and `vedette enroll --token`. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { parseConfig, readConfigFile } from '#shared/config.ts';
import { lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { parseToken } from '#shared/protocol/identity.ts';
import { addDataOption, dataFolder, printable, runProgram } from '#shared/terminal.ts';
import { agentSettings } from './config.ts';
import { bundleFolder } from './edge/start-edge.ts';
import { hostFacts } from './facts.ts';
import { enrol } from './identity/enrol.ts';
import { loadIdentity, saveIdentity } from './identity/identity.ts';
import { holdsCa } from './identity/trust.ts';
import { type AgentLogEvent, startAgent } from './main.ts';
import { printCapture, sendCapture, summaryLines } from './replay.ts';

/** A token in the environment is not seen in the process list. */
const tokenVariable = 'VEDETTE_TOKEN';

interface Options {
  readonly data?: string;
  readonly json?: boolean;
  readonly token?: string;
  readonly address?: string;
  readonly pcap?: string;
  readonly print?: boolean;
  readonly proxy?: string;
  readonly again?: boolean;
}

function agentFolder(options: Options): string {
  // What is stored is for this user only, whatever the mode of the folder.
  process.umask(0o077);
  return join(dataFolder(options.data), 'agent');
}

/** Enrols unless the folder already holds an identity of the token's collector. Gives the host id. */
async function enrolOnce(
  folder: string,
  token: string,
  { address, proxy, again }: Options,
): Promise<{ hostId: string; isNew: boolean }> {
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  const kept = loadIdentity(folder);
  if (again && kept === undefined)
    throw new VedetteError('agent.not_enrolled', `${folder} holds no identity to keep.`);
  if (!again && kept !== undefined && holdsCa(kept.ca, ticket.value.caFingerprint)) {
    return { hostId: kept.hostId, isNew: false };
  }
  // A running agent would put its own identity back in place of the new one.
  const lock = lockDataFolder(folder);
  try {
    const config = parseConfig(agentSettings, readConfigFile(join(folder, 'config.json')));
    const identity = await enrol(ticket.value, hostFacts(), address ?? ticket.value.address, {
      proxy: proxy ?? config.proxy,
      ...(again && kept !== undefined && { again: kept }),
    });
    // What was trusted before was another identity's.
    rmSync(join(folder, bundleFolder), { recursive: true, force: true });
    saveIdentity(folder, identity);
    return { hostId: identity.hostId, isNew: true };
  } finally {
    lock.release();
  }
}

function describe(event: AgentLogEvent): string {
  switch (event.what) {
    case 'connected':
      return `connected to ${event.address}`;
    case 'disconnected':
      return `not connected: ${event.code} ${event.detail} (next attempt in ${(event.retryInMs / 1000).toFixed(1)} s)`;
    case 'batch-refused':
      return `the collector refused a batch; ${event.lost} events are counted as lost`;
    case 'command':
      return `command ${event.id} ${printable(event.name)}: ${event.state} ${event.code}`.trimEnd();
    case 'problem':
      return `${event.code}: ${event.detail}`;
    case 'identity-changed':
      return `the collector gave ${event.detail}`;
    case 'identity-problem':
    case 'retired':
      return `${event.code}: ${event.detail}`;
    case 'rules':
      return `runs ${event.rules} rules of bundle ${event.version} (${event.digest.slice(0, 12)})`;
    case 'rules-refused':
      return `bundle ${event.version} refused: ${event.code} ${printable(event.detail)}`;
    case 'sensor': {
      const { state } = event;
      if (state.status === 'running')
        return `sensor ${event.name}: ${state.mode}${state.note ? ` (${state.note})` : ''}`;
      return `sensor ${event.name}: ${state.status}${'reason' in state ? ` (${state.reason})` : ''}`;
    }
  }
}

function logOf(options: Options): (event: AgentLogEvent) => void {
  return (event) => {
    const at = new Date().toISOString();
    process.stderr.write(
      options.json ? `${JSON.stringify({ at, ...event })}\n` : `${at} ${describe(event)}\n`,
    );
  };
}

/** Replays a capture: its events go to standard output or to the collector, the summary behind them. */
async function replay(path: string, options: Options): Promise<void> {
  const folder = agentFolder(options);
  const { address, print, json } = options;
  const summary = print
    ? await printCapture({ folder, path }, process.stdout)
    : await sendCapture({ folder, path, address, log: logOf(options) });
  const { damage } = summary;
  if (json) process.stdout.write(`${JSON.stringify(print ? { summary } : summary)}\n`);
  // Events have standard output to themselves.
  else (print ? process.stderr : process.stdout).write(`${summaryLines(summary).join('\n')}\n`);
  if (damage !== undefined) throw damage;
}

async function run(options: Options): Promise<void> {
  if (options.pcap !== undefined) return replay(options.pcap, options);
  if (options.print) throw new VedetteError('usage.invalid', '--print goes with --pcap.');
  const folder = agentFolder(options);
  const log = logOf(options);
  const agent = await startAgent({ folder, address: options.address, log });
  process.stdout.write(
    options.json ? `${JSON.stringify({ hostId: agent.hostId, folder })}\n` : `agent ${agent.hostId} runs\n`,
  );
  const stop = () => {
    setTimeout(() => process.exit(1), 5000).unref();
    void agent.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Started by `up`: when that is gone, so that the pipe ends, this agent goes too.
  if (process.env['VEDETTE_CHILD'] === '1') process.stdin.on('end', stop).on('error', stop).resume();
}

async function status(_: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  // The running agent has no use for these.
  const [{ askStatus }, { printJson }, { showStatus }] = await Promise.all([
    import('./control/client.ts'),
    import('#shared/output.ts'),
    import('./show-status.ts'),
  ]);
  const answer = await askStatus(join(dataFolder(options.data), 'agent'));
  if (options.json) printJson(answer);
  else showStatus(answer);
}

async function enroll(options: Options): Promise<void> {
  const token = options.token ?? process.env[tokenVariable];
  if (token === undefined)
    throw new VedetteError('usage.invalid', 'enroll needs --token (or --new-token on the collector).');
  const folder = agentFolder(options);
  const { hostId, isNew } = await enrolOnce(folder, token, options);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ hostId, folder, enrolled: isNew })}\n`
      : `${isNew ? 'enrolled as' : 'already enrolled as'} ${hostId}; start with: vedette agent\n`,
  );
}

export function program(): Command {
  const vedette = new Command('vedette');
  const agent = addDataOption(vedette.command('agent').description('run the agent of this host'))
    .option('--address <host:port>', 'collector to connect to, in place of the one enrolled with')
    .option('--pcap <file>', 'replay a packet capture (pcap, pcapng) in place of watching the host, then end')
    .option('--print', 'with --pcap: write the events as JSON lines to standard output and send nothing')
    .option('--json', 'log as one JSON object a line; with --pcap the summary too')
    .addHelpText(
      'after',
      `
The host must be enrolled first (vedette enroll), except for --pcap FILE --print. A capture is sent through the
outbox of this host, so its agent must not be running; the command ends when the collector has everything. Settings are read from agent/config.json in the data folder;
docs/reference/config.md lists them.`,
    )
    .action(run);
  agent
    .command('status')
    .description('how the agent of this host does: sensors, rates, losses, cost')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nRates and shares of a processor are over the last minute. Exits 1 when no agent answers.',
    )
    .action(status);
  addDataOption(vedette.command('enroll').description('give this host an identity at a collector'))
    .option('--token <token>', `one-time token from the collector (or in ${tokenVariable})`)
    .option('--address <host:port>', 'collector to connect to, in place of the one in the token')
    .option('--proxy <url>', 'HTTP proxy for this enrolment (else the setting `proxy`, or HTTPS_PROXY)')
    .option('--again', 'keep the host id: the identity that is here proves that this is the host')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
On the collector, \`vedette enroll --new-token\` makes a token. A host that is enrolled without --again is a new one to
the collector, whatever its name. Stop the agent before --again. A password of a proxy is better in the setting than
on the command line.`,
    )
    .action(enroll);
  return vedette;
}

/** Runs the command line. */
export function runCli(argv: readonly string[]): Promise<void> {
  return runProgram(program(), argv);
}
