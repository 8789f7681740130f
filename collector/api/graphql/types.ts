/** GraphQL types of the schemas that the API declares. */
import { alertSchema } from '../json/alert.ts';
import { backtestSchema } from '../json/backtest.ts';
import { bundleSchema } from '../json/bundle.ts';
import { commandSchema } from '../json/command.ts';
import { exceptionSchema } from '../json/exception.ts';
import { hostSchema, hostWithRiskSchema } from '../json/host.ts';
import { huntSchema } from '../json/hunt.ts';
import { riskSchema } from '../json/risk.ts';
import { rolloutSchema } from '../json/rollout.ts';
import { ledgerSchema } from '../json/status.ts';
import { storySchema } from '../json/story.ts';
import type { Fields, Schema } from '../schema.ts';
import { isName, partName } from './names.ts';

/** Those that several operations give, by the names people know them under. */
const known: readonly (readonly [Schema, string])[] = [
  [alertSchema, 'Alert'],
  [backtestSchema, 'Backtest'],
  [bundleSchema, 'Bundle'],
  [commandSchema, 'Command'],
  [exceptionSchema, 'Exception'],
  [hostSchema, 'Host'],
  [hostWithRiskSchema, 'HostWithRisk'],
  [huntSchema, 'Hunt'],
  [riskSchema, 'Risk'],
  [rolloutSchema, 'Rollout'],
  [ledgerSchema, 'HostLedger'],
  [storySchema, 'Story'],
];

const roots: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

interface Shape {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
}

const scalars: Readonly<Record<string, string>> = {
  string: 'String',
  number: 'Float',
  integer: 'Integer',
  boolean: 'Boolean',
};

export function described(text: string | undefined): string {
  return text === undefined ? '' : `${JSON.stringify(text)} `;
}

/** Collects the types that fields need, each once. */
export class Types {
  readonly #names = new Map<Schema, string>(known);
  readonly #made = new Map<string, string>();
  /** Fields beyond those of the schema, by type. */
  readonly #more: Readonly<Record<string, readonly string[]>>;

  constructor(more: Readonly<Record<string, readonly string[]>>) {
    this.#more = more;
  }

  /** The type of what a schema describes; `!` where it is never null. */
  output(schema: Schema, name: string): string {
    const { type, anyOf, items, properties } = schema as Shape;
    if (anyOf?.[0] !== undefined) return this.output(anyOf[0], name).replace(/!$/, '');
    if (typeof type !== 'string' && type !== undefined) {
      const one = type.filter((each) => each !== 'null');
      const scalar = one.length === 1 ? (scalars[one[0]!] ?? 'JSON') : 'JSON';
      return type.includes('null') ? scalar : `${scalar}!`;
    }
    if (items !== undefined) return `[${this.output(items, name)}]!`;
    if (
      properties !== undefined &&
      Object.keys(properties).length > 0 &&
      Object.keys(properties).every(isName)
    )
      return `${this.#object(schema as Fields, name)}!`;
    return `${scalars[type ?? ''] ?? 'JSON'}!`;
  }

  /** The type of an argument. */
  input(schema: Schema, isRequired: boolean): string {
    const { type, items } = schema as Shape;
    const of = (one: Schema): string => scalars[String((one as Shape).type)] ?? 'JSON';
    const name = items === undefined ? of(schema) : `[${of(items)}!]`;
    return `${type === undefined && items === undefined ? 'JSON' : name}${isRequired ? '!' : ''}`;
  }

  get sdl(): string {
    return [...this.#made.values()].join('\n');
  }

  #object(schema: Fields, suggested: string): string {
    const name = this.#names.get(schema) ?? this.#free(suggested);
    this.#names.set(schema, name);
    if (this.#made.has(name)) return name;
    // Taken before what is in it, which may be named after it.
    this.#made.set(name, '');
    const required: readonly string[] = schema.required;
    const fields = Object.entries<Schema>(schema.properties).map(([property, of]) => {
      const type = this.output(of, partName(name, property));
      const nullable = required.includes(property) ? type : type.replace(/!$/, '');
      return `  ${described((of as Shape).description)}${property}: ${nullable}`;
    });
    this.#made.set(
      name,
      `${described(schema.description)}type ${name} {\n${[...fields, ...(this.#more[name] ?? [])].join('\n')}\n}`,
    );
    return name;
  }

  #free(suggested: string): string {
    let name = suggested;
    for (let n = 2; this.#made.has(name) || roots.has(name); n++) name = `${suggested}${n}`;
    return name;
  }
}
