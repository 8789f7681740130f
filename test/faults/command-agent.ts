/**
 * The delivery half of an agent whose commands say that they began, and then take a while. Arguments: folder of an
 * enrolled agent, address of the collector. Each id that begins is a line of the file `began` in the folder.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { agentFlush } from '#shared/commands/agent-flush.ts';
import { parseConfig } from '#shared/config.ts';
import type { CommandHost } from '../../agent/commands/kind.ts';
import { CommandRunner } from '../../agent/commands/runner.ts';
import { agentSettings } from '../../agent/config.ts';
import { startDelivery } from '../../agent/delivery.ts';
import { loadIdentity } from '../../agent/identity/identity.ts';

const [folder, address] = process.argv.slice(2) as [string, string];
const identity = loadIdentity(folder);
if (identity === undefined) throw new Error(`${folder} is not enrolled`);
const commands = new CommandRunner({
  path: join(folder, 'commands.db'),
  kinds: {
    'agent.flush': {
      spec: agentFlush,
      async run() {
        await sleep(Math.random() * 60);
        return { output: { done: true } };
      },
    },
  },
  host: Promise.resolve({} as CommandHost),
  log: (event) => {
    if (event.what === 'command' && event.state === 'begun')
      appendFileSync(join(folder, 'began'), `${event.id}\n`);
  },
});
const config = parseConfig(agentSettings, { backoffMinMs: 20, backoffMaxMs: 200 });
startDelivery({ folder, config, identity, address, commands, log: () => undefined });
process.stdout.write('runs\n');
