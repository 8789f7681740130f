import { type Command, commandStates } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import {
  count,
  type Dictionary,
  type FromSchema,
  instant,
  nullable,
  object,
  oneOf,
  text,
} from '../schema.ts';

const anyObject = { type: 'object', additionalProperties: true } as const satisfies Dictionary<true>;

export const commandSchema = object({
  id: text,
  hostId: text,
  name: text,
  arguments: anyObject,
  state: oneOf(commandStates),
  issuedAt: instant,
  issuedBy: text,
  expiresAt: instant,
  sentAt: nullable(instant),
  sends: { ...count, description: 'How often it was sent; it runs once all the same.' },
  answeredAt: nullable(instant),
  code: { type: 'string', description: 'Of the error catalogue; empty when it went well.' },
  detail: text,
  output: nullable(anyObject),
  cut: { ...count, description: 'Items left out of the output for its size.' },
});
export type CommandJson = FromSchema<typeof commandSchema>;

export function commandJson(command: Command): CommandJson {
  return {
    ...command,
    issuedAt: toIso(command.issuedAt),
    expiresAt: toIso(command.expiresAt),
    sentAt: toIsoOrNull(command.sentAt),
    answeredAt: toIsoOrNull(command.answeredAt),
  };
}
