/** Queries and mutations made of the operations of the API: each asks its operation, with its checks and its record. */
import type { Operation } from '../operation.ts';
import { urlOf } from '../operation.ts';
import type { Fields, Schema } from '../schema.ts';
import { fieldName, nameByParameters, partName, typeName } from './names.ts';
import { described, type Types } from './types.ts';

export interface Field {
  readonly kind: 'Query' | 'Mutation';
  readonly name: string;
  readonly sdl: string;
  readonly method: Operation['method'];
  readonly url: string;
  readonly parameters: readonly string[];
  readonly query: readonly string[];
  readonly body: readonly string[];
  /** Answers with nothing: the field says true. */
  readonly isEmpty: boolean;
}

/** Sessions are of browsers; what is streamed or takes bytes has no form in GraphQL. */
function hasField({ path, isTop, permission, produces, accepts }: Operation): boolean {
  // Those of the own session and account hand out cookies, which an answer here has none of.
  const hasCookies = path === '/session' || path.startsWith('/account/');
  return !isTop && permission !== 'open' && !produces && !accepts && !hasCookies;
}

const propertiesOf = (fields: Fields | undefined): readonly (readonly [string, Schema, boolean])[] =>
  Object.entries<Schema>(fields?.properties ?? {}).map(([name, schema]) => [
    name,
    schema,
    fields?.required.includes(name) ?? false,
  ]);

export function fieldsOf(operations: readonly Operation[], types: Types): readonly Field[] {
  const taken = new Set<string>();
  return operations.filter(hasField).map((operation) => {
    const { method, path, params, query, body, output, summary } = operation;
    const isList = (output as Partial<Fields> | undefined)?.properties?.['items'] !== undefined;
    const plain = fieldName(operation, isList);
    const name = taken.has(plain) ? nameByParameters(plain, path) : plain;
    taken.add(name);
    const given = new Map<string, string>();
    for (const [argument, schema, isRequired] of [params, query, body].flatMap(propertiesOf))
      if (!given.has(argument)) given.set(argument, `${argument}: ${types.input(schema, isRequired)}`);
    const type = output === undefined ? 'Boolean!' : types.output(output, outputName(name, isList));
    const called = given.size === 0 ? name : `${name}(${[...given.values()].join(', ')})`;
    const names = (fields: Fields | undefined) => propertiesOf(fields).map(([argument]) => argument);
    return {
      ...{ kind: method === 'GET' ? 'Query' : 'Mutation', name, method, url: urlOf(operation) },
      sdl: `  ${described(summary)}${called}: ${type}`,
      ...{ parameters: names(params), query: names(query), body: names(body) },
      isEmpty: output === undefined,
    } satisfies Field;
  });
}

const outputName = (name: string, isList: boolean): string =>
  isList ? partName(typeName(name.replace(/List$/, '')), 'page') : typeName(name);
