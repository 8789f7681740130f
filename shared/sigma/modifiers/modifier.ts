import type { ErrorCode } from '../../errors.ts';
import type { Pattern } from '../pattern.ts';
import type { RegexFlags } from '../regex/syntax.ts';
import type { Comparison } from '../value-tests/compare.ts';
import type { Network } from '../value-tests/test.ts';

/** A value on its way through the modifiers of an item, left to right. */
export type Draft =
  | { readonly kind: 'text'; readonly pattern: Pattern; readonly raw: string }
  /** Text turned to bytes by an encoding, awaiting base64. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'null' }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: RegexFlags }
  | { readonly kind: 'network'; readonly network: Network }
  | { readonly kind: 'compare'; readonly how: Comparison; readonly bound: number }
  | { readonly kind: 'exists'; readonly wanted: boolean }
  /** Another field's value, with what stands around it. */
  | { readonly kind: 'field'; readonly name: string; readonly before: boolean; readonly after: boolean };

/** What modifiers say of the item as a whole. */
export interface ItemFlags {
  all: boolean;
  cased: boolean;
  neq: boolean;
}

export interface ModifierContext {
  readonly flags: ItemFlags;
  /** Values of a placeholder; undefined when no list has its name. */
  readonly list: (name: string) => readonly string[] | undefined;
}

/** Why a modifier does not take a value. */
export class ModifierRefusal extends Error {
  readonly code: ErrorCode;

  constructor(message: string, code: ErrorCode = 'rule.invalid') {
    super(message);
    this.code = code;
  }
}

export interface Modifier {
  readonly name: string;
  /** The drafts a value becomes; more than one are alternatives. Throws ModifierRefusal when it cannot. */
  readonly apply?: (draft: Draft, context: ModifierContext) => readonly Draft[];
  /** Sets a flag of the item; done before any `apply`. */
  readonly mark?: (flags: ItemFlags) => void;
}

/** The pattern of a text, or a refusal that says what the modifier needs. */
export function needText(draft: Draft, modifier: string): Draft & { kind: 'text' } {
  if (draft.kind === 'text') return draft;
  throw new ModifierRefusal(`\`${modifier}\` needs a text`);
}
