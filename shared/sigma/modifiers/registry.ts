import { contains, endswith, startswith } from './affix.ts';
import { cidr } from './cidr.ts';
import { gt, gte, lt, lte } from './compare.ts';
import { base64, base64offset, utf16be, utf16bom, utf16le, wide } from './encoding.ts';
import { exists } from './exists.ts';
import { expand } from './expand.ts';
import { fieldref } from './fieldref.ts';
import { all, cased, neq } from './flags.ts';
import type { Modifier } from './modifier.ts';
import { i, m, re, s } from './re.ts';
import { day, hour, minute, month, week, year } from './time.ts';
import { windash } from './windash.ts';

const known: readonly Modifier[] = [
  ...[all, cased, neq, contains, startswith, endswith, exists, expand, fieldref],
  ...[re, i, m, s, cidr, lt, lte, gt, gte],
  ...[minute, hour, day, week, month, year],
  ...[base64, base64offset, utf16le, utf16be, utf16bom, wide, windash],
];

/** Modifiers by the name rules use. */
export const modifiers: ReadonlyMap<string, Modifier> = new Map(known.map((m) => [m.name, m]));
