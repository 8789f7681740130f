import { ValueOverrun } from './value-tests/test.ts';

/** What to tell of a rule that failed while it ran: it was set aside, or passed over one value and goes on. */
export interface RuleFailure {
  readonly code: 'rule.failed' | 'rule.value_too_costly';
  readonly detail: string;
}

export function failureOf(rule: string, error: unknown): RuleFailure {
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof ValueOverrun)
    return { code: 'rule.value_too_costly', detail: `${rule} passed over a value: ${why}.` };
  return { code: 'rule.failed', detail: `${rule} failed and was set aside: ${why}.` };
}
