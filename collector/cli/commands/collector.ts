import { Command } from 'commander';
import { print, printJsonLine } from '#shared/output.ts';
import { addServeOptions, type ServeOptions } from '../serve-options.ts';

export function collectorCommand(): Command {
  return addServeOptions(
    new Command('collector').description('run the collector: store, detect, dashboard, APIs'),
  )
    .addHelpText(
      'after',
      '\nMore settings are read from collector.json in the data folder; docs/reference/config.md lists them.',
    )
    .action(async (options: ServeOptions) => {
      const { serve, stopOnSignal } = await import('../serve.ts');
      const { collector } = await serve(options, 'info');
      const { api, agents, tokenFile } = collector;
      if (options.json) printJsonLine({ api, agents, tokenFile, pid: process.pid });
      else
        print(
          `dashboard  ${api} (\`vedette sign-in\` makes a link)\nagents     ${agents}\nCLI token  ${tokenFile}`,
        );
      stopOnSignal(() => collector.close());
    });
}
