/** Addresses as one number of 128 bits; those of version 4 stand where their mapped form does (`::ffff:a.b.c.d`). */
const mapped = 0xffffn << 32n;

export function addressOf(text: string): bigint | undefined {
  const bare = text.replace(/%.*$/s, '');
  if (!bare.includes(':')) {
    const four = fourOf(bare);
    return four === undefined ? undefined : mapped + four;
  }
  return sixOf(bare);
}

function fourOf(text: string): bigint | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4 || !bytes.every((b) => /^(0|[1-9]\d{0,2})$/.test(b) && Number(b) < 256))
    return undefined;
  return bytes.reduce((sum, b) => sum * 256n + BigInt(b), 0n);
}

function sixOf(text: string): bigint | undefined {
  const dotted = /^(.*:)([\d.]*\.[\d.]*)$/.exec(text);
  if (dotted !== null) {
    const four = fourOf(dotted[2]!);
    if (four === undefined) return undefined;
    return sixOf(`${dotted[1]}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  const [front, back] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...front!, ...(back ?? [])];
  const isWhole = halves.length === 1 && groups.length === 8;
  const isShort = halves.length === 2 && groups.length < 8;
  if (!(isWhole || isShort) || !groups.every((g) => /^[\da-f]{1,4}$/i.test(g))) return undefined;
  const zeros = Array<string>(8 - groups.length).fill('0');
  return [...front!, ...zeros, ...(back ?? [])].reduce((sum, g) => sum * 65536n + BigInt(`0x${g}`), 0n);
}

/** Whether an address lies in `10.0.0.0/8`, `2001:db8::/32` or is the lone address. */
export function networkTester(text: string): (address: string) => boolean {
  const [base = '', bits] = text.trim().split('/');
  const width = base.includes(':') ? 128 : 32;
  const free = BigInt(width - Number(bits ?? width));
  const from = addressOf(base);
  if (from === undefined) throw new Error(`${text} is no network`);
  return (value) => {
    const address = addressOf(value);
    return address !== undefined && address >> free === from >> free;
  };
}
