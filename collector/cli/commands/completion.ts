import { Argument, Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion.ts';

export function completionCommand(): Command {
  return new Command('completion')
    .description('a script that completes commands and options in a shell')
    .addArgument(new Argument('<shell>').choices([...shells]))
    .addHelpText(
      'after',
      '\nbash: source <(vedette completion bash)\nzsh:  source <(vedette completion zsh)\nfish: vedette completion fish | source',
    )
    .action((shell: Shell, _options: object, command: Command) => {
      let top = command;
      while (top.parent !== null) top = top.parent;
      process.stdout.write(completionScript(shell, top));
    });
}
