import { commandSpec } from '#shared/commands/registry.ts';
import { maxLifeMs } from '#shared/commands/spec.ts';
import { VedetteError } from '#shared/errors.ts';
import { commandStates } from '../../store/contract.ts';
import { demand } from '../guard.ts';
import { commandJson, commandSchema } from '../json/command.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { callerOf, operation } from '../operation.ts';
import { object, oneOf, text } from '../schema.ts';

const usualLifeSeconds = 300;

export const commands = [
  operation({
    method: 'POST',
    path: '/hosts/:id/commands',
    permission: 'respond',
    summary: 'Give a host a command; it is done at most once',
    params: object({ id: text }),
    body: object(
      { name: { type: 'string', minLength: 1, maxLength: 64 } },
      {
        arguments: {
          type: 'object',
          additionalProperties: true,
          description: 'By name; the declaration of the command says which, and their bounds.',
        },
        lifeSeconds: {
          type: 'integer',
          minimum: 1,
          maximum: maxLifeMs / 1000,
          default: usualLifeSeconds,
          description: 'After which it is not begun any more.',
        },
      },
    ),
    output: commandSchema,
    created: true,
    async handler(call) {
      const { deps, params, body } = call;
      const caller = callerOf(call);
      const { name: by } = caller;
      const needed = commandSpec(body.name)?.permission ?? 'respond';
      demand(caller, needed);
      const given = await deps.giveCommand({
        hostId: params.id,
        name: body.name,
        arguments: body.arguments ?? {},
        lifeMs: (body.lifeSeconds ?? usualLifeSeconds) * 1000,
        by,
      });
      if (!given.ok) throw given.error;
      return commandJson(given.value);
    },
  }),
  operation({
    method: 'GET',
    path: '/commands',
    permission: 'read',
    summary: 'Commands with their results, newest first',
    query: object({}, { host: text, state: oneOf(commandStates), limit: limit(100, 50), cursor }),
    output: pageSchema(commandSchema),
    async handler({ deps, query }) {
      const { host, state } = query;
      const filter = { ...(host !== undefined && { hostId: host }), ...(state !== undefined && { state }) };
      const page = await deps.control.commands.list(filter, query.limit ?? 50, query.cursor);
      return { items: page.items.map(commandJson), next: page.next };
    },
  }),
  operation({
    method: 'GET',
    path: '/commands/:id',
    permission: 'read',
    summary: 'One command with its result',
    params: object({ id: text }),
    output: commandSchema,
    async handler({ deps, params }) {
      const command = await deps.control.commands.get(params.id);
      if (command === undefined) throw new VedetteError('api.not_found', `There is no command ${params.id}.`);
      return commandJson(command);
    },
  }),
];
