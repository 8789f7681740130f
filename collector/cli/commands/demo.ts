import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import { type ActReport, Demo } from '../demo/run.ts';
import { addQueryOptions, clientOf, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly timeout: number;
}

const marks: Readonly<Record<ActReport['outcome'], string>> = {
  alerted: 'ALERT ',
  missed: 'MISSED',
  unavailable: '-     ',
};

function show(report: ActReport): void {
  const { outcome, act, alert, delayMs, detail } = report;
  print(`${marks[outcome]}  ${act}`);
  if (alert !== null) print(printable(`        ${alert.level}, after ${delayMs} ms: ${alert.reason}`));
  else if (detail !== null) print(`        ${detail}`);
}

function summaryOf(reports: readonly ActReport[]) {
  const count = (outcome: ActReport['outcome']) => reports.filter((r) => r.outcome === outcome).length;
  return {
    acts: reports.length,
    alerted: count('alerted'),
    missed: count('missed'),
    unavailable: count('unavailable'),
  };
}

async function run(options: Options): Promise<void> {
  if (process.platform !== 'linux')
    throw new VedetteError('usage.invalid', 'The demo does its acts on Linux only.');
  const demo = new Demo(clientOf(options), options.timeout * 1000);
  const reports: ActReport[] = [];
  const clean = () => {
    demo.clean();
    process.exit(1);
  };
  process.once('SIGINT', clean);
  process.once('SIGTERM', clean);
  try {
    for await (const report of demo.run()) {
      reports.push(report);
      if (!options.json) show(report);
    }
  } finally {
    demo.clean();
    process.off('SIGINT', clean);
    process.off('SIGTERM', clean);
  }
  const summary = summaryOf(reports);
  if (options.json) printJson({ summary, acts: reports });
  else print(`\n${summary.alerted} of ${summary.acts - summary.unavailable} acts alerted`);
  if (summary.missed > 0) process.exitCode = 1;
}

export function demoCommand(): Command {
  return addQueryOptions(
    new Command('demo').description(
      'do harmless suspicious things on this host and wait for their alerts; exits 1 if one is missed',
    ),
  )
    .option('--timeout <seconds>', 'longest wait for each alert', wholeNumber(1, 600), 15)
    .addHelpText(
      'after',
      `
Each act runs for some seconds as the current user. Files go into a temporary folder that is removed; connections
stay on loopback. The agent of this host must be connected to the collector (as after \`vedette up\`).`,
    )
    .action(run);
}
