import { levels } from '../../store/contract.ts';
import { problemOfRule } from '../json/rule-problem.ts';
import { operation } from '../operation.ts';
import { array, dictionary, object, oneOf, text } from '../schema.ts';

export const rules = [
  operation({
    method: 'GET',
    path: '/rules',
    permission: 'read',
    summary: 'The rules that are loaded, and those that could not be',
    output: object({
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
      problems: array(problemOfRule),
    }),
    handler({ deps }) {
      const loaded = deps.rules();
      return {
        rules: loaded.rules.map((rule) => ({ ...rule, logsource: { ...rule.logsource } })),
        problems: [...loaded.problems],
      };
    },
  }),
];
