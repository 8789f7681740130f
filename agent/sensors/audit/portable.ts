import type { Provider } from '../provider.ts';

/** Only Linux has this audit system. */
export function auditPortable(): Provider {
  return {
    kind: 'portable',
    mode: 'followed',
    async open() {
      return 'the audit daemon is read by the Linux provider only';
    },
    async look() {},
    note() {
      return undefined;
    },
    async close() {},
  };
}
