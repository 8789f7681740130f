import { hash } from 'node:crypto';
import { type ClientHello, extension } from './client-hello.ts';

/**
 * JA4 of a client hello over TCP, by FoxIO's specification
 * (https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md). Values of GREASE are left out everywhere.
 */
export function ja4(hello: ClientHello): string {
  const ciphers = hello.ciphers.filter(isNoGrease);
  const extensions = hello.extensions.filter(isNoGrease);
  const count = (list: readonly unknown[]) => String(Math.min(99, list.length)).padStart(2, '0');
  const name = hello.extensions.includes(extension.serverName) ? 'd' : 'i';
  const first = `t${versionCode(highestVersion(hello))}${name}${count(ciphers)}${count(extensions)}${alpnEnds(hello.alpn[0])}`;
  return `${first}_${cipherHash(ciphers)}_${extensionHash(extensions, hello.signatureAlgorithms)}`;
}

/** RFC 8701: both bytes alike, each ending in the digit a. */
export function isNoGrease(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >> 8 !== (value & 0xff);
}

/** The highest version offered, by the extension where there is one. */
export function highestVersion(hello: ClientHello): number {
  const offered = hello.supportedVersions.filter(isNoGrease);
  return offered.length === 0 ? hello.legacyVersion : Math.max(...offered);
}

const versionCodes: Readonly<Record<number, string>> = {
  2: 's2',
  768: 's3',
  769: '10',
  770: '11',
  771: '12',
  772: '13',
};

function versionCode(version: number): string {
  return versionCodes[version] ?? '00';
}

const alphanumeric = /^[0-9A-Za-z]$/;

/** First and last character of the first protocol; of its hex text where either is not a letter or digit. */
function alpnEnds(protocol: string | undefined): string {
  if (protocol === undefined || protocol === '') return '00';
  const ends = (text: string) => `${text[0]}${text.at(-1)}`;
  const isPlain = alphanumeric.test(protocol[0] as string) && alphanumeric.test(protocol.at(-1) as string);
  return ends(isPlain ? protocol : Buffer.from(protocol, 'latin1').toString('hex'));
}

const noHash = '000000000000';
const hex4 = (value: number) => value.toString(16).padStart(4, '0');
const sortedHex = (values: readonly number[]) => values.map(hex4).sort().join(',');
const shortHash = (text: string) => hash('sha256', text).slice(0, 12);

function cipherHash(ciphers: readonly number[]): string {
  return ciphers.length === 0 ? noHash : shortHash(sortedHex(ciphers));
}

/** Server name and ALPN are in the first part already; algorithms keep their order. */
function extensionHash(extensions: readonly number[], algorithms: readonly number[]): string {
  const hashed = extensions.filter((type) => type !== extension.serverName && type !== extension.alpn);
  const signing = algorithms.filter(isNoGrease);
  if (hashed.length === 0 && signing.length === 0) return noHash;
  return shortHash(sortedHex(hashed) + (signing.length === 0 ? '' : `_${signing.map(hex4).join(',')}`));
}
