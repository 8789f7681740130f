import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql';

function integer(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new GraphQLError(`${String(value)} is no whole number up to 2^53.`);
}

/** Whole numbers beyond 32 bits. */
export const Integer = new GraphQLScalarType({
  name: 'Integer',
  description: 'A whole number, exact up to 2^53.',
  serialize: integer,
  parseValue: integer,
  parseLiteral: (node) => integer(node.kind === Kind.INT ? Number(node.value) : Number.NaN),
});

export const JSONValue = new GraphQLScalarType({
  name: 'JSON',
  description: 'Any value of JSON.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: valueFromASTUntyped,
});
