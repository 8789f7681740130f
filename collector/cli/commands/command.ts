import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { argumentFromText } from '#shared/commands/arguments.ts';
import { commandSpec, commandSpecs } from '#shared/commands/registry.ts';
import type { CommandSpec } from '#shared/commands/spec.ts';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { CommandJson } from '../../api/json/command.ts';
import type { Client } from '../client.ts';
import { hostIdOf } from '../host-id.ts';
import { addQueryOptions, clientOf, type QueryOptions, repeated, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly arg: readonly string[];
  readonly wait?: boolean;
  readonly timeout: number;
}

const pollMs = 250;

/** `name=value` for each, as the declaration has them. */
function argumentsFrom(name: string, pairs: readonly string[]): Record<string, string | number | boolean> {
  const spec = commandSpec(name);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new VedetteError('usage.invalid', `--arg is NAME=VALUE, not ${pair}.`);
      const key = pair.slice(0, at);
      const argument = spec && Object.hasOwn(spec.arguments, key) ? spec.arguments[key] : undefined;
      return [key, argumentFromText(argument, pair.slice(at + 1))];
    }),
  );
}

async function ended(client: Client, made: CommandJson): Promise<CommandJson> {
  let command = made;
  while (command.state === 'queued' || command.state === 'sent') {
    await sleep(pollMs);
    command = await client.get<CommandJson>(`/commands/${made.id}`);
  }
  return command;
}

function show(command: CommandJson): void {
  const { id, name, hostId, state, code, detail, output, cut } = command;
  print(printable(`${id} ${name} on ${hostId}: ${state}${code === '' ? '' : ` (${code}: ${detail})`}`));
  if (output !== null) printJson(output);
  if (cut > 0) print(`${cut} more were left out of the output for its size.`);
}

async function give(host: string, name: string, options: Options): Promise<void> {
  const client = clientOf(options);
  const body = { name, arguments: argumentsFrom(name, options.arg), lifeSeconds: options.timeout };
  const hostId = await hostIdOf(client, host);
  const made = await client.call<CommandJson>('POST', `/hosts/${hostId}/commands`, {}, body);
  const command = options.wait ? await ended(client, made) : made;
  if (options.json) printJson(command);
  else show(command);
  if (command.state === 'done' || !options.wait) return;
  // With --json the document says it; else the error is its own line.
  process.exitCode = 1;
  if (!options.json) throw new VedetteError(command.code as ErrorCode, command.detail);
}

function described(spec: CommandSpec): string {
  const args = Object.entries(spec.arguments).map(
    ([name, arg]) => `      ${name} (${arg.type}${arg.required ? ', required' : ''}): ${arg.doc}`,
  );
  return [`  ${spec.name}: ${spec.doc}`, ...args].join('\n');
}

export function commandCommand(): Command {
  return addQueryOptions(
    new Command('command')
      .description('tell a host to do something, at most once')
      .argument('<host>')
      .argument('<kind>'),
  )
    .option('--arg <name=value>', 'an argument of the command, once for each', repeated, [])
    .option('--wait', 'wait for the result; exits 1 unless it is done')
    .option('--timeout <seconds>', 'after which it is not begun any more', wholeNumber(1, 86_400), 300)
    .addHelpText(
      'after',
      `\nThe host goes by its id, or by its name where only one has it. Kinds:\n${Object.values(commandSpecs).map(described).join('\n')}`,
    )
    .action(give);
}
