import { literalOf } from '../pattern.ts';
import { type Draft, type Modifier, ModifierRefusal, textDraft } from './modifier.ts';

function bytesOf(draft: Draft, modifier: string): Uint8Array {
  if (draft.kind === 'bytes') return draft.bytes;
  const text = draft.kind === 'text' ? literalOf(draft.pattern) : undefined;
  if (text === undefined) throw new ModifierRefusal(`\`${modifier}\` needs a text without wildcards`);
  return Buffer.from(text, 'utf8');
}

function encodedDraft(text: string): Draft {
  return textDraft(text, [text]);
}

/** UTF-16 of the text, the byte order mark first where asked. */
function utf16(name: string, bigEndian: boolean, mark: boolean): Modifier {
  return {
    name,
    apply: (draft) => {
      const text = draft.kind === 'text' ? literalOf(draft.pattern) : undefined;
      if (text === undefined) throw new ModifierRefusal(`\`${name}\` needs a text without wildcards`);
      const bytes = Buffer.from(mark ? `\uFEFF${text}` : text, 'utf16le');
      return [{ kind: 'bytes', bytes: bigEndian ? bytes.swap16() : bytes }];
    },
  };
}

export const utf16le = utf16('utf16le', false, false);
export const wide = utf16('wide', false, false);
export const utf16be = utf16('utf16be', true, false);
export const utf16bom = utf16('utf16', false, true);

export const base64: Modifier = {
  name: 'base64',
  apply: (draft) => [encodedDraft(Buffer.from(bytesOf(draft, 'base64')).toString('base64'))],
};

/** Characters of base64 that depend on what stands before, by bytes of shift. */
const unsureBefore = [0, 2, 3] as const;
/** Characters at the end that depend on what follows or pad, by (shift + length) mod 3. */
const unsureAfter = [0, 3, 2] as const;

/** What base64 looks like wherever the value stands in a longer text: three alignments, only their sure parts. */
export const base64offset: Modifier = {
  name: 'base64offset',
  apply: (draft) => {
    const bytes = bytesOf(draft, 'base64offset');
    if (bytes.length < 3) throw new ModifierRefusal('`base64offset` needs at least three bytes');
    return [0, 1, 2].map((shift) => {
      const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
      const cut = unsureAfter[(shift + bytes.length) % 3]!;
      return encodedDraft(encoded.slice(unsureBefore[shift], encoded.length - cut));
    });
  },
};
