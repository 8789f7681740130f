import type { TableSpec } from './spec.ts';

export const sudoers = {
  name: 'sudoers',
  doc: 'Rules of sudo.',
  system: 'linux',
  columns: {
    source: ['text', 'File.'],
    header: ['text', 'Whom or what the rule is about.'],
    rule_details: ['text', 'The rest of the rule.'],
  },
} as const satisfies TableSpec;
