import type { Provider } from '../provider.ts';

/** There is no portable account of any of it. */
export function kernelPortable(): Provider {
  return {
    kind: 'portable',
    mode: 'sampled',
    async open() {
      return 'kernel events are read on Linux only';
    },
    async look() {},
    note() {
      return undefined;
    },
    async close() {},
  };
}
