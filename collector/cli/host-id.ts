import { VedetteError } from '#shared/errors.ts';
import type { HostJson } from '../api/json/host.ts';
import type { Client } from './client.ts';

/** The id of the host that is called `host` or has that id. Throws `api.not_found`, also where several are called so. */
export async function hostIdOf(client: Client, host: string): Promise<string> {
  const { items } = await client.get<{ readonly items: readonly HostJson[] }>('/hosts');
  if (items.some((one) => one.id === host)) return host;
  const [named, ...others] = items.filter((one) => one.hostname === host);
  if (named !== undefined && others.length === 0) return named.id;
  const detail =
    named === undefined
      ? `There is no host ${host}.`
      : `${others.length + 1} hosts are called ${host}: ${[named, ...others].map((one) => one.id).join(', ')}.`;
  throw new VedetteError('api.not_found', detail);
}
