import { Command, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import type { AccessSettingsJson } from '../../api/resources/access-settings.ts';
import { addQueryOptions, clientOf, type QueryOptions, several, wholeNumber } from '../options.ts';

const path = '/settings/access';

function show(settings: AccessSettingsJson, { json }: QueryOptions): void {
  if (json) {
    printJson(settings);
    return;
  }
  const { allowedAddresses, requireSecondFactor, sessionHours } = settings;
  print(`allowed addresses     ${allowedAddresses.length === 0 ? 'any' : allowedAddresses.join(', ')}`);
  print(`second factor         ${requireSecondFactor ? 'everybody must have one' : 'as everybody likes'}`);
  print(`sessions last         ${sessionHours} h, or an hour without use`);
}

interface SetOptions extends QueryOptions {
  readonly allow?: readonly string[];
  readonly allowAny?: boolean;
  readonly secondFactor?: string;
  readonly sessionHours?: number;
}

async function set(options: SetOptions): Promise<void> {
  const { allow, allowAny, secondFactor, sessionHours } = options;
  if (allow !== undefined && allowAny === true)
    throw new VedetteError('usage.invalid', 'Give --allow or --allow-any, not both.');
  const change = {
    ...(allow !== undefined && { allowedAddresses: allow }),
    ...(allowAny === true && { allowedAddresses: [] }),
    ...(secondFactor !== undefined && { requireSecondFactor: secondFactor === 'required' }),
    ...(sessionHours !== undefined && { sessionHours }),
  };
  if (Object.keys(change).length === 0)
    throw new VedetteError(
      'usage.invalid',
      'Give what is to change: --allow, --second-factor, --session-hours.',
    );
  const client = clientOf(options);
  const before = await client.get<AccessSettingsJson>(path);
  show(await client.call<AccessSettingsJson>('PUT', path, {}, { ...before, ...change }), options);
}

export function accessCommand(): Command {
  const access = new Command('access').description('from where one may come in, and how');
  addQueryOptions(access.command('show').description('what is set')).action(async (options: QueryOptions) =>
    show(await clientOf(options).get<AccessSettingsJson>(path), options),
  );
  addQueryOptions(access.command('set').description('change it'))
    .option(
      '--allow <list>',
      'addresses and networks that may come in, e.g. 10.0.0.0/8,2001:db8::/32',
      several,
    )
    .option('--allow-any', 'let every address in')
    .addOption(
      new Option('--second-factor <when>', 'whether everybody must have one').choices([
        'required',
        'optional',
      ]),
    )
    .option('--session-hours <n>', 'how long a session lasts', wholeNumber(1, 168))
    .addHelpText(
      'after',
      '\nA list that shuts you out is refused, except on the machine of the collector: from there one always gets in.',
    )
    .action(set);
  return access;
}
