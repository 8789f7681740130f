import { Command } from 'commander';
import { print, printJsonLine } from '#shared/output.ts';
import { AgentChild } from '../agent-child.ts';
import type { Serving } from '../serve.ts';
import { addServeOptions, type ServeOptions } from '../serve-options.ts';

interface Options extends ServeOptions {
  readonly agent: boolean;
}

const hourMs = 3_600_000;

function banner({ collector, folder }: Serving, signIn: string): string {
  return `
Vedette watches this host.

  Dashboard   ${signIn}
              (signs one browser in, once, within 10 minutes; \`npx vedette sign-in\` makes another)
  Agents      ${collector.agents}
  Data        ${folder}

  Try it: \`npx vedette demo\` in another terminal does harmless suspicious things and waits for their alerts.
  Ctrl-C stops.
`;
}

export function upCommand(): Command {
  return addServeOptions(
    new Command('up').description('run everything: collector, agent on this host, dashboard'),
  )
    .option('--no-agent', 'leave out the agent')
    .action(async (options: Options) => {
      const { serve, stopOnSignal } = await import('../serve.ts');
      const serving = await serve(options, 'warn');
      const { collector, logger, folder } = serving;
      const { api, agents, tokenFile } = collector;
      const signIn = await collector.createSignInLink();
      if (options.json) printJsonLine({ api, agents, signIn, tokenFile, data: folder, pid: process.pid });
      else print(banner(serving, signIn));
      const agent = new AgentChild({
        data: folder,
        address: agents,
        token: async () => (await collector.enrolment.createToken({ maxUses: 1, lifeMs: hourMs })).token,
        logger,
      });
      stopOnSignal(async () => {
        await agent.stop();
        await collector.close();
      });
      if (!options.agent) return;
      await agent.start().catch((error: unknown) => {
        // The collector is of use without the agent of its own host.
        logger.error({ error: (error as Error).message }, 'the agent of this host could not be started');
      });
    });
}
