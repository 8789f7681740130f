import { type Rename, renameFields } from '../field-names.ts';
import { letterCases } from '../letter-case.ts';
import type { Transform } from '../rule-work.ts';
import type { Transformation } from './transformation.ts';

type Mapping = ReadonlyMap<string, readonly string[]>;

/** One name to another, or to several of which any may hold. The empty name stands for keywords. */
export const fieldNameMapping: Transformation = {
  type: 'field_name_mapping',
  read: (parameters) => {
    const mapping = parameters.textsByText('mapping');
    return renaming((field) => mapping.get(field ?? ''));
  },
};

export const fieldNamePrefixMapping: Transformation = {
  type: 'field_name_prefix_mapping',
  read: (parameters) => {
    const mapping = parameters.textsByText('mapping');
    return renaming((field) => {
      if (field === null) return undefined;
      const found = [...mapping].find(([prefix]) => field.startsWith(prefix));
      return found?.[1].map((prefix) => prefix + field.slice(found[0].length));
    });
  },
};

/** A named function over field names; `mapping` goes before it. */
export const fieldNameTransform: Transformation = {
  type: 'field_name_transform',
  read: (parameters) => {
    const names = Object.keys(letterCases) as (keyof typeof letterCases)[];
    const change = letterCases[parameters.oneOf('transform_func', names)];
    const mapping: Mapping =
      parameters.find('mapping') === undefined ? new Map() : parameters.textsByText('mapping');
    return renaming((field) => (field === null ? undefined : (mapping.get(field) ?? [change(field)])));
  },
};

export const fieldNamePrefix: Transformation = {
  type: 'field_name_prefix',
  read: (parameters) => {
    const prefix = parameters.text('prefix');
    return renaming((field) => (field === null ? undefined : [prefix + field]));
  },
};

export const fieldNameSuffix: Transformation = {
  type: 'field_name_suffix',
  read: (parameters) => {
    const suffix = parameters.text('suffix');
    return renaming((field) => (field === null ? undefined : [field + suffix]));
  },
};

function renaming(rename: Rename): Transform {
  return (work, step) => renameFields(work, step, rename);
}
