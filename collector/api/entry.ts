/** What holds for every request before anything else looks at it. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { VedetteError } from '#shared/errors.ts';
import { AddressList } from '../auth/address-list.ts';
import { Throttled } from '../auth/throttled.ts';
import type { ApiDeps, RequestLimits } from './deps.ts';
import { identify, isLocal, isSecure } from './guard.ts';

/** As many as a wall of screens behind one address makes; a flood is a hundred times that. */
const usualLimits: RequestLimits = { perAddress: 12_000, perCaller: 6_000 };
/** Addresses and callers whose requests are counted; beyond it those seen longest ago count anew. */
const countedAtOnce = 10_000;
const minuteMs = 60_000;
/** Probes of this machine's keepers come from anywhere; they are told nothing but that we are there. */
const openPaths: ReadonlySet<string> = new Set(['/health']);

declare module 'fastify' {
  interface FastifyInstance {
    /** Where people reach us, where it is configured. */
    ownOrigin: string | undefined;
    /** Counts a request of a caller. Throws `Throttled`. */
    countCaller: (request: FastifyRequest, callerId: string) => Promise<void>;
  }
  interface FastifyRequest {
    callerId: string | undefined;
  }
}

/** Must be registered after the rate limiter and before the routes. */
export function guardEntry(app: FastifyInstance, deps: ApiDeps): void {
  const counters = deps.access.entryCounters;
  const limits = { ...usualLimits, ...deps.limits };
  const usual = { timeWindow: minuteMs, cache: countedAtOnce } as const;
  const byAddress = app.createRateLimit({ ...usual, max: limits.perAddress });
  const byCaller = app.createRateLimit({
    ...usual,
    max: limits.perCaller,
    keyGenerator: (request) => request.callerId ?? '',
  });
  const count = async (limit: typeof byAddress, request: FastifyRequest, of: string) => {
    const counted = await limit(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    counters.limited++;
    throw new Throttled(`More than ${counted.max} requests of one ${of} in a minute.`, counted.ttl);
  };
  app.decorate('ownOrigin', deps.publicUrl);
  app.decorateRequest('callerId', undefined);
  app.decorate('countCaller', async (request: FastifyRequest, callerId: string) => {
    request.callerId = callerId;
    await count(byCaller, request, 'session or token');
  });
  const mayEnter = entryByAddress(deps);
  app.addHook('onRequest', async (request) => {
    refuseOddHost(request);
    if (openPaths.has(request.url)) return;
    if (!(await mayEnter(request))) {
      counters.shutOut++;
      throw new VedetteError('access.address_refused', `${request.ip} is not among the allowed addresses.`);
    }
    await count(byAddress, request, 'address');
  });
}

/** A name or address with a port perhaps: it becomes part of links. */
function refuseOddHost({ headers: { host }, raw: { rawHeaders } }: FastifyRequest): void {
  // RFC 9112, 3.2: whoever sends two has them read differently by a proxy and by us.
  const isOne = rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length < 2;
  if (host === undefined) return;
  if (isOne && /^(?:[\w.-]{1,253}|\[[\da-fA-F:.]{2,45}\])(?::\d{1,5})?$/.test(host)) return;
  throw new VedetteError('api.invalid', 'The header Host is not a name or address.');
}

/**
 * Whether a request comes from an allowed address. Whoever is on the collector's own machine and holds an admin's
 * token gets in all the same: a list that shuts everybody out can be mended there.
 */
function entryByAddress(deps: ApiDeps) {
  let listed: readonly string[] | undefined;
  let list: AddressList | undefined;
  return async (request: FastifyRequest): Promise<boolean> => {
    const { allowedAddresses } = await deps.auth.settings();
    if (list === undefined || allowedAddresses !== listed) {
      list = new AddressList(allowedAddresses);
      listed = allowedAddresses;
    }
    if (list.allows(request.ip)) return true;
    if (!isLocal(request) || request.headers.authorization === undefined) return false;
    const identified = await identify(request, deps.auth, isSecure(deps));
    return identified?.credential.permissions.includes('administer') === true;
  };
}
