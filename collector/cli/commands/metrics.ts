import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

/** A line of the text exposition format: name, labels, value. */
const line = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

function samplesOf(text: string) {
  return text.split('\n').flatMap((one) => {
    const [, name, labels = '', value] = line.exec(one) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(label)].map(([, key, quoted]) => [key, JSON.parse(`"${quoted}"`)]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

export function metricsCommand(): Command {
  return addQueryOptions(
    new Command('metrics').description(
      'what the collector measures, in the form of Prometheus; --json for one object a sample',
    ),
  ).action(async (options: QueryOptions) => {
    const text = Buffer.from(await clientOf(options).download('/metrics')).toString();
    if (options.json) printJson(samplesOf(text));
    else print(text.trimEnd());
  });
}
