/** GraphQL over the operations of the API, at /graphql: queries, mutations and subscriptions. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import mercurius, { type MercuriusLoaders } from 'mercurius';
import type { WebSocket } from 'ws';
import type { Auth } from '../../auth/auth.ts';
import type { Topic } from '../../bus.ts';
import type { ApiDeps } from '../deps.ts';
import { admit, isSecure, refuseOtherOrigin } from '../guard.ts';
import { alertLineJson } from '../json/alert.ts';
import type { HostJson } from '../json/host.ts';
import { hostJson } from '../json/host.ts';
import { rolloutJson } from '../json/rollout.ts';
import type { Operation } from '../operation.ts';
import { sendProblem } from '../problem.ts';
import { askingAs } from './ask.ts';
import { costRule, maxDepth } from './cost.ts';
import { type Field, fieldsOf } from './fields.ts';
import { graphqlPath } from './path.ts';
import { type Context, plainResolvers, plainSdl } from './plain.ts';
import { Integer, JSONValue } from './scalars.ts';
import { Types } from './types.ts';

/** Messages that wait for one subscriber before it is ended. */
const queueHighWaterMark = 1_000;
const credentialLookMs = 20_000;
/** Documents kept by hash for clients that send only that. */
const keptDocuments = 500;

const subscriptionSdl = `
type Subscription {
  "Alerts as they are raised."
  newAlerts: Alert!
  "Alerts as they are raised and as they change."
  alertUpdates: Alert!
  "Hosts as they come, go and change."
  hostUpdates: Host!
  "Rollouts of rules as they go on."
  rolloutUpdates: Rollout!
}`;

/** Fields that lead from one type to another; loaded for all objects of an answer at once. */
const relations = {
  Alert: ['  "The host it is about."\n  host: Host'],
  HostLedger: ['  "The host it is of."\n  host: Host'],
};

type HostReference = { readonly hostId: string };

/** Each loader asks once for all objects of a level. */
const loaders = {
  Alert: { host: hostsOf },
  HostLedger: { host: hostsOf },
} as unknown as MercuriusLoaders;

async function hostsOf(queries: readonly { readonly obj: HostReference }[], { ask }: Context) {
  const { items } = (await ask('GET', '/api/v1/hosts')) as { readonly items: readonly HostJson[] };
  const byId = new Map(items.map((host) => [host.id, host]));
  return queries.map(({ obj }) => byId.get(obj.hostId) ?? null);
}

function resolverOf({ method, url, parameters, query, body }: Field) {
  return (_: unknown, args: Readonly<Record<string, unknown>>, { ask }: Context) => {
    let path = url;
    for (const name of parameters) path = path.replace(`:${name}`, encodeURIComponent(String(args[name])));
    const asked = new URLSearchParams();
    for (const name of query)
      for (const one of [args[name]].flat()) if (one != null) asked.append(name, String(one));
    const given = body.filter((name) => args[name] !== undefined && !parameters.includes(name));
    const payload = given.length === 0 && method === 'GET' ? undefined : pick(args, given);
    const text = asked.toString();
    return ask(
      method,
      text === '' ? path : `${path}?${text}`,
      method === 'GET' || body.length === 0 ? undefined : payload,
    );
  };
}

function pick(args: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, args[name]]));
}

/** A message of the bus as a subscription gives it. */
const published: readonly (readonly [field: string, topic: Topic, of: (message: never) => unknown])[] = [
  ['newAlerts', 'alert', ({ alert, isNew }: never) => (isNew ? alertLineJson(alert) : undefined)],
  ['alertUpdates', 'alert', ({ alert }: never) => alertLineJson(alert)],
  ['hostUpdates', 'host', (host: never) => hostJson(host)],
  ['rolloutUpdates', 'rollout', (rollout: never) => rolloutJson(rollout)],
];

/** The schema, for the route and for the reference. */
export function graphqlSchema(operations: readonly Operation[]): {
  readonly sdl: string;
  readonly fields: readonly Field[];
} {
  const types = new Types(relations);
  const fields = fieldsOf(operations, types);
  const of = (kind: Field['kind']) =>
    `type ${kind} {\n${fields
      .filter((field) => field.kind === kind)
      .map(({ sdl }) => sdl)
      .join('\n')}\n}`;
  const scalars = 'scalar Integer\nscalar JSON';
  return {
    sdl: [scalars, types.sdl, of('Query'), of('Mutation'), subscriptionSdl, plainSdl].join('\n'),
    fields,
  };
}

/** Whoever may no longer come in hears no more. */
function endWithCredential(socket: WebSocket, { identified }: FastifyRequest, auth: Auth): void {
  const look = () => {
    identified?.again().then(
      (credential) => {
        if (credential?.permissions.includes('read') !== true)
          socket.close(4433, 'The session or token has ended.');
      },
      () => undefined,
    );
  };
  const timer = setInterval(look, credentialLookMs);
  timer.unref();
  const end = auth.onChange(look);
  socket.on('close', () => {
    clearInterval(timer);
    end();
  });
}

/** Documents that are refused as a whole, in the form of GraphQL; whoever may not come in is told as anywhere. */
async function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const { errors, code } = error as { readonly errors?: readonly GraphQLError[]; readonly code?: string };
  if (code?.startsWith('MER_') !== true && !(error instanceof GraphQLError))
    return void (await sendProblem(error, request, reply));
  const told = errors ?? [error as Error];
  await reply
    .code(400)
    .header('cache-control', 'no-store')
    .send({
      data: null,
      errors: told.map((one) => ({
        message: one.message,
        ...('locations' in one && { locations: one.locations }),
      })),
    });
}

/** Must be registered after the feed, whose WebSocket server it shares. */
export async function serveGraphql(
  app: FastifyInstance,
  deps: ApiDeps,
  operations: readonly Operation[],
): Promise<void> {
  const { sdl, fields } = graphqlSchema(operations);
  const resolvers = (kind: Field['kind']) =>
    Object.fromEntries(
      fields.filter((field) => field.kind === kind).map((field) => [field.name, resolverOf(field)]),
    );
  const contextOf = (request: FastifyRequest): Context => ({ ask: askingAs(app, request) });
  const subscriptions = Object.fromEntries(
    published.map(([field]) => [
      field,
      {
        subscribe: (_: unknown, _args: unknown, { pubsub }: { pubsub: mercurius.PubSub }) =>
          pubsub.subscribe(field),
      },
    ]),
  );
  await app.register(mercurius, {
    schema: sdl,
    resolvers: {
      ...{ Integer, JSON: JSONValue },
      Query: { ...resolvers('Query'), ...plainResolvers.Query },
      Mutation: { ...resolvers('Mutation'), ...plainResolvers.Mutation },
      Subscription: subscriptions,
    } as never,
    loaders,
    path: graphqlPath,
    context: (request) => contextOf(request),
    subscription: {
      queueHighWaterMark,
      queryDepthLimit: maxDepth,
      context(socket: WebSocket, request: FastifyRequest) {
        endWithCredential(socket, request, deps.auth);
        return contextOf(request);
      },
    } as never,
    queryDepth: maxDepth,
    validationRules: [costRule],
    allowBatchedQueries: false,
    persistedQueryProvider: mercurius.persistedQueryDefaults.automatic(keptDocuments),
    additionalRouteOptions: {
      preParsing: async (request: FastifyRequest) => {
        refuseOtherOrigin(request);
        request.identified = await admit(request, deps.auth, isSecure(deps), 'read');
      },
    } as never,
    errorHandler: sendRefusal,
    errorFormatter: (result, context) => {
      const { response } = mercurius.defaultErrorFormatter(result, context as never);
      return { statusCode: 200, response };
    },
  });
  const ends = published.map(([field, topic, of]) =>
    deps.bus.subscribe(topic, (message) => {
      const payload = of(message as never);
      if (payload !== undefined) app.graphql.pubsub.publish({ topic: field, payload: { [field]: payload } });
    }),
  );
  app.addHook('onClose', async () => {
    for (const end of ends) end();
  });
}
