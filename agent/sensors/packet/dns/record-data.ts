import { addressAt } from '../decode/addresses.ts';
import { escaped, nameAt } from './names.ts';

/** Characters of one record's text; the rest is cut and shown by `…`. */
const maxTextLength = 512;
/** Bytes shown of data that is not understood. */
const maxHexBytes = 64;
const maxServiceParameters = 16;
/** Keys of SVCB and HTTPS records (RFC 9460 §14.3.2, RFC 9461). */
const serviceKeys = [
  'mandatory',
  'alpn',
  'no-default-alpn',
  'port',
  'ipv4hint',
  'ech',
  'ipv6hint',
  'dohpath',
];

/** Where one record's data stands in its message. */
interface Place {
  readonly bytes: Buffer;
  /** Of the message, for compression pointers. */
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Text of a record's data, much as zone files write it; data that breaks the form of its type, or whose type has none
 * here, as RFC 3597 §5 writes unknown data.
 */
export function recordText(
  bytes: Buffer,
  start: number,
  end: number,
  type: number,
  from: number,
  to: number,
): string {
  const place = { bytes, start, end, from, to };
  const text = renderers[type]?.(place) ?? unknownText(place);
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength - 1)}…` : text;
}

function unknownText({ bytes, from, to }: Place): string {
  const shown = bytes.toString('hex', from, Math.min(to, from + maxHexBytes));
  return `\\# ${to - from}${shown === '' ? '' : ` ${shown}`}${to - from > maxHexBytes ? '…' : ''}`;
}

type Renderer = (place: Place) => string | undefined;

const nameOnly: Renderer = (place) => nameText(place, place.from);

/** A name that lies within the data, and ends where the data ends or before. */
function nameText({ bytes, start, end, to }: Place, at: number): string | undefined {
  const name = nameAt(bytes, start, end, at);
  return name !== undefined && name.next <= to ? name.text : undefined;
}

/** So many 16-bit numbers and then a name: MX, SRV and their like. */
function numbersAndName(count: number): Renderer {
  return (place) => {
    const { bytes, from, to } = place;
    if (from + 2 * count >= to) return undefined;
    const numbers = Array.from({ length: count }, (_, i) => bytes.readUInt16BE(from + 2 * i));
    const name = nameText(place, from + 2 * count);
    return name === undefined ? undefined : `${numbers.join(' ')} ${name}`;
  };
}

/** Two names, as in RP. */
const twoNames: Renderer = (place) => {
  const first = nameAt(place.bytes, place.start, place.end, place.from);
  const second = first === undefined ? undefined : nameText(place, first.next);
  return second === undefined ? undefined : `${first?.text} ${second}`;
};

const startOfAuthority: Renderer = ({ bytes, start, end, from, to }) => {
  const primary = nameAt(bytes, start, end, from);
  const mailbox = primary && nameAt(bytes, start, end, primary.next);
  if (primary === undefined || mailbox === undefined || mailbox.next + 20 > to) return undefined;
  const numbers = Array.from({ length: 5 }, (_, i) => bytes.readUInt32BE(mailbox.next + 4 * i));
  return `${primary.text} ${mailbox.text} ${numbers.join(' ')}`;
};

/** Character strings one after the other, each in quotes when there are several. */
const strings: Renderer = ({ bytes, from, to }) => {
  const parts: string[] = [];
  for (let at = from; at < to; ) {
    const length = bytes.readUInt8(at);
    if (at + 1 + length > to) return undefined;
    parts.push(escaped(bytes, at + 1, at + 1 + length, '"\\'));
    at += 1 + length;
  }
  return parts.length === 1 ? parts[0] : parts.map((part) => `"${part}"`).join(' ');
};

/** Numbers of the given widths in bytes, and the rest in hex. */
function numbersAndHex(...widths: readonly number[]): Renderer {
  return ({ bytes, from, to }) => {
    const parts: (number | string)[] = [];
    let at = from;
    for (const width of widths) {
      if (at + width > to) return undefined;
      parts.push(bytes.readUIntBE(at, width));
      at += width;
    }
    const rest = bytes.toString('hex', at, Math.min(to, at + maxHexBytes));
    return `${[...parts, rest].join(' ')}${to - at > maxHexBytes ? '…' : ''}`;
  };
}

const signature: Renderer = (place) => {
  const { bytes, from, to } = place;
  if (from + 18 >= to) return undefined;
  const name = nameAt(bytes, place.start, place.end, from + 18);
  if (name === undefined || name.next > to) return undefined;
  return `TYPE${bytes.readUInt16BE(from)} ${bytes.readUInt8(from + 2)} ${bytes.readUInt16BE(from + 16)} ${name.text}`;
};

const authorization: Renderer = ({ bytes, from, to }) => {
  if (from + 2 > to) return undefined;
  const tagEnd = from + 2 + bytes.readUInt8(from + 1);
  if (tagEnd > to) return undefined;
  return `${bytes.readUInt8(from)} ${escaped(bytes, from + 2, tagEnd, '')} "${escaped(bytes, tagEnd, to, '"\\')}"`;
};

const service: Renderer = ({ bytes, start, end, from, to }) => {
  if (from + 3 > to) return undefined;
  const target = nameAt(bytes, start, end, from + 2);
  if (target === undefined || target.next > to) return undefined;
  let text = `${bytes.readUInt16BE(from)} ${target.text}`;
  let at = target.next;
  for (let i = 0; i < maxServiceParameters && at < to; i++) {
    if (at + 4 > to) return undefined;
    const valueEnd = at + 4 + bytes.readUInt16BE(at + 2);
    if (valueEnd > to) return undefined;
    text += ` ${serviceParameter(bytes, bytes.readUInt16BE(at), at + 4, valueEnd)}`;
    at = valueEnd;
  }
  return text;
};

function serviceParameter(bytes: Buffer, key: number, from: number, to: number): string {
  const name = serviceKeys[key] ?? `key${key}`;
  if (from === to) return name;
  switch (name) {
    case 'alpn': {
      const names: string[] = [];
      for (let at = from; at < to; at += 1 + bytes.readUInt8(at)) {
        names.push(escaped(bytes, at + 1, Math.min(to, at + 1 + bytes.readUInt8(at)), '"\\,'));
      }
      return `alpn=${names.join(',')}`;
    }
    case 'port':
      return to - from === 2 ? `port=${bytes.readUInt16BE(from)}` : name;
    case 'ipv4hint':
    case 'ipv6hint': {
      const length = name === 'ipv4hint' ? 4 : 16;
      const count = Math.floor((to - from) / length);
      return `${name}=${Array.from({ length: count }, (_, i) => addressAt(bytes, from + i * length, length)).join(',')}`;
    }
    case 'dohpath':
      return `dohpath=${escaped(bytes, from, to, '"\\')}`;
    default:
      return `${name}=${bytes.toString('hex', from, Math.min(to, from + maxHexBytes))}`;
  }
}

const renderers: Readonly<Record<number, Renderer>> = {
  1: ({ bytes, from, to }) => (to - from === 4 ? addressAt(bytes, from, 4) : undefined),
  2: nameOnly,
  5: nameOnly,
  6: startOfAuthority,
  12: nameOnly,
  13: strings,
  15: numbersAndName(1),
  16: strings,
  17: twoNames,
  18: numbersAndName(1),
  28: ({ bytes, from, to }) => (to - from === 16 ? addressAt(bytes, from, 16) : undefined),
  33: numbersAndName(3),
  36: numbersAndName(1),
  39: nameOnly,
  43: numbersAndHex(2, 1, 1),
  44: numbersAndHex(1, 1),
  46: signature,
  47: (place) => nameAt(place.bytes, place.start, place.end, place.from)?.text,
  48: numbersAndHex(2, 1, 1),
  52: numbersAndHex(1, 1, 1),
  53: numbersAndHex(1, 1, 1),
  59: numbersAndHex(2, 1, 1),
  60: numbersAndHex(2, 1, 1),
  64: service,
  65: service,
  99: strings,
  257: authorization,
};
