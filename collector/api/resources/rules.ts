import { levels } from '../../store/contract.ts';
import { inForceJson, inForceSchema } from '../json/bundle.ts';
import { operation } from '../operation.ts';
import { array, count, dictionary, object, oneOf, text } from '../schema.ts';

export const rules = [
  operation({
    method: 'GET',
    path: '/rules',
    permission: 'read',
    summary: 'The rules that are in force, the bundle they are of, and those that could not be loaded',
    output: object({
      bundle: inForceSchema,
      rules: array(
        object({
          id: text,
          title: text,
          level: oneOf(levels),
          tags: array(text),
          logsource: dictionary(text),
          file: text,
        }),
      ),
      problems: array(
        object({
          severity: oneOf(['error', 'warning']),
          code: text,
          file: text,
          line: count,
          column: count,
          message: text,
          action: text,
        }),
      ),
    }),
    handler({ deps }) {
      const loaded = deps.rules();
      return {
        bundle: inForceJson(loaded.bundle),
        rules: loaded.rules.map((rule) => ({ ...rule, logsource: { ...rule.logsource } })),
        problems: [...loaded.problems],
      };
    },
  }),
];
