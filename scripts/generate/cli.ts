import type { Command } from 'commander';
import { program as agentProgram } from '../../agent/cli.ts';
import { program as collectorProgram } from '../../collector/cli/main.ts';

interface Entry {
  readonly name: string;
  readonly command: Command;
}

function entriesOf(command: Command, before: string): Entry[] {
  const name = `${before} ${command.name()}`.trim();
  if (command.commands.length === 0) return [{ name, command }];
  const own = before !== '' && command.options.length > 0 ? [{ name, command }] : [];
  return [...own, ...command.commands.flatMap((sub) => entriesOf(sub, name))];
}

function section({ name, command }: Entry): string[] {
  const args = command.registeredArguments
    .map((a) => (a.required ? ` <${a.name()}>` : ` [${a.name()}]`))
    .join('');
  return [
    `## ${name}${args}`,
    '',
    `${command.description()}.`,
    '',
    ...command.options.map(
      (o) => `- \`${o.flags}\`: ${o.description || `one of ${o.argChoices?.join(', ')}`}`,
    ),
    '',
  ];
}

/** docs/reference/cli.md */
export async function cliPage(): Promise<string> {
  const agents = entriesOf(agentProgram(), '').filter((e) => e.name.startsWith('vedette agent'));
  const entries = entriesOf(await collectorProgram(), '').flatMap((e) => {
    // `agent` is served by the agent's side; here it only has a line in the help.
    return e.name === 'vedette agent' ? agents : e;
  });
  return [
    '# Command line',
    '',
    'Generated from the commands themselves. `npx vedette …` in a checkout, `vedette …` when installed. Every command',
    'takes `--help`. Exit status: 0 done, 1 the thing asked for is false or failed, 2 bad usage.',
    '',
    ...entries.flatMap(section),
  ].join('\n');
}
