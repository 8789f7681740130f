/** Runs in the scratch host: furnishes it, starts the product, plays the acts, does the work, and cleans up. */
import type { ChildProcess } from 'node:child_process';
import type { Message, Settings } from './contract.ts';
import { furnish, startDaemons } from './furnish.ts';
import { startInternet } from './internet.ts';
import { work } from './ordinary-work.ts';
import { packRules } from './pack-rules.ts';
import { play, type Stage } from './play.ts';
import { type Product, startProduct } from './product.ts';
import { endAllOthers, removeTraceInstances } from './scratch-host.ts';
import { techniquesNamed } from './techniques.ts';

const mark = process.env['VEDETTE_EVALUATE'] ?? '';
const instance = `evaluate-${mark}`;
let product: Product | undefined;

/** Ends the agent as its owner would, so that it takes back what it had the kernel do, and then everything else. */
async function cleanUp(): Promise<void> {
  if (product !== undefined) await stopped(product.child);
  await endAllOthers(mark);
  removeTraceInstances(instance);
}

async function stopped(child: ChildProcess): Promise<void> {
  const graceMs = 10_000;
  child.kill('SIGTERM');
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.exitCode !== null || child.signalCode !== null) resolve();
  });
}

function tell(message: Message): void {
  if (process.connected) process.send?.(message);
}

async function evaluate(settings: Settings): Promise<void> {
  tell({ kind: 'note', text: 'furnishing the scratch host' });
  furnish();
  const internet = await startInternet('/run');
  startDaemons();
  const { rules, fileOf } = await packRules();
  product = await startProduct(instance);
  const { alerts } = product;
  const stage: Stage = {
    ...{ alerts, rules, fileOf, patienceMs: settings.patienceMs },
    internetPid: internet.pid as number,
  };
  if (settings.workMinutes > 0) {
    tell({ kind: 'note', text: `ordinary work for ${settings.workMinutes} minutes` });
    await work(settings, stage, tell);
  }
  for (const technique of techniquesNamed(settings.only))
    tell({ kind: 'played', played: await play(technique, stage) });
  alerts.close();
}

process.on('disconnect', () => {
  void cleanUp().finally(() => process.exit(1));
});
process.once('message', (settings: Settings) => {
  evaluate(settings)
    .catch((error: Error) => tell({ kind: 'failed', text: error.stack ?? error.message }))
    .then(cleanUp)
    .then(() => {
      tell({ kind: 'done' });
      process.disconnect();
      process.exit(0);
    });
});
