/** Completion scripts for shells, made of the commands there are. */
import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What may follow one command. */
interface Node {
  /** Names of the commands before it, without the program's: `rules push`. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly choices: readonly string[];
    readonly takesValue: boolean;
  }[];
}

/** What commander keeps to itself. */
type Kept = Command & { readonly _hidden?: boolean; readonly _defaultCommandName?: string | null };

function optionsOf(command: Command): Node['options'] {
  return command.options.flatMap(({ long, description, argChoices, required, optional }) =>
    long == null
      ? []
      : [{ flag: long, description, choices: argChoices ?? [], takesValue: required || optional }],
  );
}

function nodesOf(command: Command, path: readonly string[] = []): readonly Node[] {
  const commands = command.commands.filter((one) => !(one as Kept)._hidden);
  const usual = commands.find((one) => one.name() === (command as Kept)._defaultCommandName);
  const help = { flag: '--help', description: 'what it does', choices: [], takesValue: false };
  const node: Node = {
    path: path.join(' '),
    commands: commands.map((one) => ({ name: one.name(), description: one.summary() || one.description() })),
    // What is meant where no command is named takes its options there, too.
    options: [...optionsOf(command), ...(usual === undefined ? [] : optionsOf(usual)), help],
  };
  return [node, ...commands.flatMap((one) => nodesOf(one, [...path, one.name()]))];
}

/** In single quotes, for any of the shells. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(
    ({ path, commands, options }) =>
      `    ${quoted(path)}) words=${quoted([...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(' '))} ;;`,
  );
  const commands = nodes.filter(({ path }) => path !== '').map(({ path }) => `${quoted(path)}`);
  const values = nodes.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(({ flag, choices }) =>
        choices.length === 0
          ? `    ${quoted(`${path} ${flag}`)}) files=1 ;;`
          : `    ${quoted(`${path} ${flag}`)}) words=${quoted(choices.join(' '))}; chosen=1 ;;`,
      ),
  );
  return `# vedette: completion for bash; put it where your shell reads such things, or: source <(vedette completion bash)
_vedette() {
  local word path='' next words='' files='' chosen='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    next="\${path:+$path }$word"
    case "$next" in
    ${commands.join(' | ')}) path=$next ;;
    esac
  done
  COMPREPLY=()
  case "$path \${COMP_WORDS[COMP_CWORD - 1]}" in
${values.join('\n')}
  esac
  if [ -n "$files" ]; then
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    return
  fi
  if [ -z "$chosen" ]; then
    case "$path" in
${cases.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _vedette vedette
`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const at = `__vedette_at ${quoted(path)}`;
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c vedette -f -n ${quoted(at)} -a ${name} -d ${quoted(description)}`,
      ),
      ...options.map(
        ({ flag, description, choices, takesValue }) =>
          `complete -c vedette -n ${quoted(at)} -l ${flag.slice(2)}${takesValue ? ' -r' : ''}${choices.length > 0 ? ` -f -a ${quoted(choices.join(' '))}` : ''} -d ${quoted(description)}`,
      ),
    ];
  });
  const paths = nodes.map(({ path }) => quoted(path)).join(' ');
  return `# vedette: completion for fish; vedette completion fish > ~/.config/fish/completions/vedette.fish
set -g __vedette_paths ${paths}
function __vedette_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim "$path $word")
    contains -- $next $__vedette_paths; and set path $next
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}
`;
}

/** The script for a shell; `program` is the top of the commands. */
export function completionScript(shell: Shell, program: Command): string {
  const nodes = nodesOf(program);
  if (shell === 'fish') return fish(nodes);
  const script = bash(nodes);
  if (shell === 'bash') return script;
  return `#compdef vedette\n# vedette: completion for zsh; or: source <(vedette completion zsh)\nautoload -Uz bashcompinit && bashcompinit\n${script}`;
}
