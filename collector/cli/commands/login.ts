import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { Client } from '../client.ts';
import {
  findProfile,
  forgetProfile,
  keepProfile,
  originOf,
  type Profile,
  readProfiles,
} from '../login/profiles.ts';
import { type TokenOptions, tokenFor } from '../login/token-for.ts';
import { type TrustOptions, trustIn } from '../login/trust.ts';
import { lifeSeconds } from '../options.ts';

interface LoginOptions extends TrustOptions, TokenOptions {
  readonly json?: boolean;
}

const dayS = 86_400;

/** What is shown of one: all but its token. */
function profileJson({ url, user, expiresAt }: Profile, current: string | null) {
  return { url, user, expiresAt, isCurrent: url === current };
}

function list({ json }: { readonly json?: boolean }): void {
  const { current, collectors } = readProfiles();
  const shown = collectors.map((one) => profileJson(one, current));
  if (json) {
    printJson(shown);
    return;
  }
  printTable(
    [
      { title: '', of: (one) => (one.isCurrent ? '*' : '') },
      { title: 'collector', of: (one) => one.url, flexible: true },
      { title: 'user', of: (one) => one.user },
      { title: 'until', of: (one) => (one.expiresAt === null ? '' : shortTime(one.expiresAt)) },
    ],
    shown,
    'Nobody signed in to a collector from here yet.',
  );
}

async function login(url: string | undefined, options: LoginOptions): Promise<void> {
  if (url === undefined) {
    list(options);
    return;
  }
  const api = originOf(url);
  const trust = await trustIn(api, options);
  const access = {
    ...{ api, ca: trust.ca ?? undefined },
    ...(trust.serverName !== null && { serverName: trust.serverName }),
  };
  const profile = { url: api, ...(await tokenFor(access, options)), ...trust };
  keepProfile(profile);
  if (options.json) printJson(profileJson(profile, api));
  else print(`signed in to ${api} as ${profile.user}; commands ask it where no collector runs here`);
}

export function loginCommand(): Command {
  return new Command('login')
    .description('sign in to a collector elsewhere; without a URL, list those signed in to')
    .argument('[url]', 'e.g. https://collector.example.org:7080')
    .option('--user <name>', 'whom to sign in (default: it is asked)')
    .option('--token-stdin', 'read a token from standard input, and ask for no password')
    .option('--ca <file>', "the collector's CA, PEM")
    .option('--fingerprint <hex>', "SHA-256 of the collector's CA, as `vedette ca show` says it")
    .option(
      '--expires <time>',
      'how long it lasts, e.g. 12h, 30d (default: 30d)',
      lifeSeconds(300, 366 * dayS),
      30 * dayS,
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nName, password and code are asked at the terminal and are in no argument. What is kept is a token, in\n' +
        '~/.config/vedette/collectors.json (XDG_CONFIG_HOME), which only you may read; `vedette logout` revokes it.',
    )
    .action(login);
}

async function logout(url: string | undefined, options: { readonly json?: boolean }): Promise<void> {
  const profile = findProfile(url);
  if (profile === undefined)
    throw new VedetteError('usage.no_collector', `Nobody signed in to ${url ?? 'a collector'} from here.`);
  let isRevoked = true;
  try {
    const { url: api, token, ca, serverName } = profile;
    const access = { api, token, ca: ca ?? undefined, ...(serverName !== null && { serverName }) };
    await new Client(access).call('DELETE', '/session');
  } catch {
    // It is forgotten here in any case.
    isRevoked = false;
  }
  forgetProfile(profile.url);
  if (options.json) printJson({ url: profile.url, isRevoked });
  else if (isRevoked) print(`signed out of ${profile.url}; its token is revoked`);
  else print(`forgot the token for ${profile.url}; the collector could not be told to revoke it`);
}

export function logoutCommand(): Command {
  return new Command('logout')
    .description('revoke and forget the token of a collector elsewhere')
    .argument('[url]', 'the collector (default: the one signed in to last)')
    .option('--json', 'print JSON')
    .action(logout);
}
