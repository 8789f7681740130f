import type { ErrorCode } from '../../errors.ts';
import type { Pattern } from '../pattern.ts';
import type { RegexFlags } from '../regex/syntax.ts';
import type { Comparison } from '../value-tests/compare.ts';
import type { Network } from '../value-tests/test.ts';
import type { TimePart } from '../value-tests/time-part.ts';

/** A value on its way through the modifiers of an item, left to right. */
export type Draft =
  | {
      readonly kind: 'text';
      readonly pattern: Pattern;
      readonly raw: string;
      /** Whether a modifier let text stand before or after. */
      readonly before: boolean;
      readonly after: boolean;
    }
  /** Text turned to bytes by an encoding, awaiting base64. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'null' }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: RegexFlags }
  | { readonly kind: 'network'; readonly network: Network }
  /** A number to compare with: the value itself, or a part of the date it is. */
  | {
      readonly kind: 'compare';
      readonly how: Comparison;
      readonly bound: number;
      readonly part: TimePart | null;
    }
  | { readonly kind: 'exists'; readonly wanted: boolean }
  /** Another field's value, with what stands around it. */
  | { readonly kind: 'field'; readonly name: string; readonly before: boolean; readonly after: boolean };

export type TextDraft = Draft & { readonly kind: 'text' };

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
  /** The values are regular expressions. */
  readonly isRegex: boolean;
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
  /** Applied before the others, wherever it stands. */
  readonly first?: true;
  /** Sets a flag of the item; done before any `apply`. */
  readonly mark?: (flags: ItemFlags) => void;
}

/** A text as the draft modifiers begin with. */
export function textDraft(raw: string, pattern: Pattern): TextDraft {
  return { kind: 'text', raw, pattern, before: false, after: false };
}

/** The pattern of a text, or a refusal that says what the modifier needs. */
export function needText(draft: Draft, modifier: string): TextDraft {
  if (draft.kind === 'text') return draft;
  throw new ModifierRefusal(`\`${modifier}\` needs a text`);
}
