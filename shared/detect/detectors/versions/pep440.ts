import { compareDigits } from './dpkg.ts';

const form =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z\d]+(?:[-_.][a-z\d]+)*))?\s*$/i;

const preOrder: Readonly<Record<string, number>> = {
  a: 0,
  alpha: 0,
  b: 1,
  beta: 1,
  c: 2,
  rc: 2,
  pre: 2,
  preview: 2,
};

interface Version {
  readonly epoch: string;
  readonly release: readonly string[];
  /** Kind and number of the pre-release; what has none comes after, what is only under development before. */
  readonly pre: readonly [kind: number, number: string];
  /** -1 where there is none. */
  readonly post: readonly [has: number, number: string];
  readonly dev: readonly [has: number, number: string];
  readonly local: readonly string[];
}

/** Compares versions as PEP 440 orders them. What is no such version is older than any, and by its text among its like. */
export function comparePep440(a: string, b: string): number {
  const readA = read(a);
  const readB = read(b);
  if (readA === undefined || readB === undefined) {
    if (readA === readB) return a < b ? -1 : a > b ? 1 : 0;
    return readA === undefined ? -1 : 1;
  }
  return (
    compareDigits(readA.epoch, readB.epoch) ||
    compareRelease(readA.release, readB.release) ||
    comparePair(readA.pre, readB.pre) ||
    comparePair(readA.post, readB.post) ||
    comparePair(readA.dev, readB.dev) ||
    compareLocal(readA.local, readB.local)
  );
}

function read(text: string): Version | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const [, epoch = '0', release = '', pre, preNumber, bare, post, postNumber, dev, devNumber, local] = found;
  const isPost = bare !== undefined || post !== undefined;
  const none = 3;
  const before = -1;
  const preKind =
    pre !== undefined ? preOrder[pre.toLowerCase()]! : dev !== undefined && !isPost ? before : none;
  return {
    ...{ epoch, release: release.split('.') },
    pre: [preKind, preNumber || '0'],
    post: isPost ? [1, bare ?? (postNumber || '0')] : [0, '0'],
    dev: dev !== undefined ? [0, devNumber || '0'] : [1, '0'],
    local: local === undefined ? [] : local.toLowerCase().split(/[-_.]/),
  };
}

function compareRelease(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const order = compareDigits(a[i] ?? '0', b[i] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

function comparePair(a: readonly [number, string], b: readonly [number, string]): number {
  return a[0] - b[0] || compareDigits(a[1], b[1]);
}

function compareLocal(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    if (one === other) continue;
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const isNumber = /^\d+$/.test(one);
    if (isNumber !== /^\d+$/.test(other)) return isNumber ? 1 : -1;
    const order = isNumber ? compareDigits(one, other) : one < other ? -1 : 1;
    if (order !== 0) return order;
  }
  return 0;
}
