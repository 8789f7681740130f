/** Turns who signs in at the terminal into a token that the profile keeps; the session that made it ends. */
import { hostname } from 'node:os';
import { VedetteError } from '#shared/errors.ts';
import type { CallerJson } from '../../api/resources/session.ts';
import { type Access, Client } from '../client.ts';
import { askHidden, askShown, canAsk, readSecretFromInput } from '../prompt.ts';

export interface TokenOptions {
  readonly tokenStdin?: boolean;
  readonly user?: string;
  /** Seconds that the token lasts. */
  readonly expires: number;
}

export interface Held {
  readonly token: string;
  readonly user: string;
  readonly expiresAt: string | null;
}

/** Throws what the API refuses with, and `usage.invalid` where nobody can be asked. */
export async function tokenFor(access: Omit<Access, 'token'>, options: TokenOptions): Promise<Held> {
  if (options.tokenStdin === true) {
    const token = await readSecretFromInput();
    const { name, expiresAt } = await new Client({ ...access, token }).get<CallerJson>('/session');
    return { token, user: name, expiresAt };
  }
  if (!canAsk())
    throw new VedetteError('usage.invalid', 'There is no terminal to ask at: give --token-stdin.');
  const user = options.user ?? (await askShown('Name: ')).trim();
  const password = await askHidden('Password: ');
  const session = await signIn(access, { user, password });
  const expiresAt = new Date(Date.now() + options.expires * 1000).toISOString();
  const made = await session.call<{ readonly secret: string }>(
    'POST',
    '/tokens',
    {},
    {
      name: `vedette login on ${hostname()}`.slice(0, 64),
      expiresAt,
    },
  );
  await session.call('DELETE', '/session');
  return { token: made.secret, user, expiresAt };
}

async function signIn(
  access: Omit<Access, 'token'>,
  given: { readonly user: string; readonly password: string },
): Promise<Client> {
  const knock = new Client({ ...access, token: undefined });
  try {
    return await knock.begin(given);
  } catch (error) {
    if (!(error instanceof VedetteError && error.code === 'api.second_factor_needed')) throw error;
    return await knock.begin({ ...given, code: (await askHidden('Code: ')).trim() });
  }
}
