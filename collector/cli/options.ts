import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { addDataOption } from '#shared/terminal.ts';
import { accessOf, Client } from './client.ts';

export interface QueryOptions {
  readonly data?: string;
  readonly json?: boolean;
  readonly collector?: string;
}

/** A command that asks a running collector. */
export function addQueryOptions(command: Command): Command {
  return addDataOption(command)
    .option(
      '--collector <url>',
      'a collector elsewhere, signed in to with `vedette login` (default: VEDETTE_COLLECTOR, else the one of the state directory, else the one signed in to last)',
    )
    .option('--json', 'print JSON');
}

export function clientOf(options: QueryOptions): Client {
  return new Client(accessOf(options.data, options.collector));
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A length of time like `30m`, `2h`, `7d`. Gives seconds. */
export function lifeSeconds(min: number, max: number): (text: string) => number {
  return (text) => {
    const parts = /^(\d+)([smhd])$/.exec(text);
    const value =
      parts === null ? Number.NaN : (Number(parts[1]) * (unitsMs[parts[2] as string] as number)) / 1000;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`It must be like 30m, 2h or 7d, from ${min} to ${max} seconds.`);
    return value;
  };
}

/** `15m`, `2h`, `7d` before now, or an instant like 2026-01-31T12:00:00Z. Gives ISO 8601. */
export function instant(text: string): string {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const at =
    ago === null
      ? new Date(text)
      : new Date(Date.now() - Number(ago[1]) * (unitsMs[ago[2] as string] as number));
  if (Number.isNaN(at.getTime()))
    throw new InvalidArgumentError('It must be like 15m, 2h, 7d or 2026-01-31T12:00:00Z.');
  return at.toISOString();
}

export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')];
}

/** One value a use, commas kept. */
export function repeated(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
