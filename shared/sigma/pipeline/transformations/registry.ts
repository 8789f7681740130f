import { addCondition } from './add-condition.ts';
import { addField, removeField, setCustomAttribute, setField } from './attributes.ts';
import { changeLogsource } from './change-logsource.ts';
import { dropDetectionItem } from './drop-detection-item.ts';
import { detectionItemFailure, ruleFailure, strictFieldMappingFailure } from './failures.ts';
import {
  fieldNameMapping,
  fieldNamePrefix,
  fieldNamePrefixMapping,
  fieldNameSuffix,
  fieldNameTransform,
} from './field-names.ts';
import { hashesFields } from './hashes-fields.ts';
import { nest } from './nest.ts';
import { queryExpressionPlaceholders, valuePlaceholders, wildcardPlaceholders } from './placeholders.ts';
import { toRegex } from './regex.ts';
import { setState } from './state.ts';
import { changeCase, mapString, replaceString } from './strings.ts';
import type { Transformation } from './transformation.ts';
import { convertType, setValue } from './values.ts';

const known: readonly Transformation[] = [
  ...[fieldNameMapping, fieldNamePrefixMapping, fieldNameTransform, fieldNamePrefix, fieldNameSuffix],
  ...[dropDetectionItem, addCondition, changeLogsource, hashesFields, nest, setState],
  ...[replaceString, mapString, changeCase, toRegex, setValue, convertType],
  ...[valuePlaceholders, wildcardPlaceholders, queryExpressionPlaceholders],
  ...[ruleFailure, detectionItemFailure, strictFieldMappingFailure],
  ...[addField, removeField, setField, setCustomAttribute],
];

/** Transformations by the name pipelines use. */
export const transformations: ReadonlyMap<string, Transformation> = new Map(known.map((t) => [t.type, t]));
