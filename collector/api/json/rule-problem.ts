import { count, object, oneOf, text } from '../schema.ts';

export const problemOfRule = object({
  severity: oneOf(['error', 'warning']),
  code: text,
  file: text,
  line: count,
  column: count,
  message: text,
  action: text,
});
