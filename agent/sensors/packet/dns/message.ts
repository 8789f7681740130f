import { nameAt } from './names.ts';
import { recordText } from './record-data.ts';

const headerBytes = 12;
/** Questions read of one message; ordinary ones have one, those of mDNS a few. */
const maxQuestions = 8;
/** Answer records told of one message. */
const maxAnswers = 64;
/** Records gone through in search of EDNS. */
const maxRecords = 512;
const optType = 41;

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface Answer {
  readonly name: string;
  readonly type: number;
  readonly ttlS: number;
  readonly text: string;
}

export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opCode: number;
  /** With the upper bits of EDNS (RFC 6891 §6.1.3). */
  readonly responseCode: number;
  /** AA TC RD RA AD CD, those that are set. */
  readonly flags: readonly string[];
  readonly questions: readonly Question[];
  /** The first of them. */
  readonly answers: readonly Answer[];
  /** As the header announces. */
  readonly answerCount: number;
}

const flagBits: readonly (readonly [bit: number, name: string])[] = [
  [0x0400, 'AA'],
  [0x0200, 'TC'],
  [0x0100, 'RD'],
  [0x0080, 'RA'],
  [0x0020, 'AD'],
  [0x0010, 'CD'],
];

/**
 * A DNS message from `start` to `end` (RFC 1035 §4). Undefined when its header or a question is malformed; damage
 * further on only ends the list of answers.
 */
export function parseMessage(bytes: Buffer, start: number, end: number): Message | undefined {
  if (start + headerBytes > end) return undefined;
  const bits = bytes.readUInt16BE(start + 2);
  const counts = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(start + at));
  const [questionCount = 0, answerCount = 0, authorityCount = 0, additionalCount = 0] = counts;
  const questions: Question[] = [];
  let at = start + headerBytes;
  for (let i = 0; i < questionCount; i++) {
    const name = nameAt(bytes, start, end, at);
    if (name === undefined || name.next + 4 > end) return undefined;
    at = name.next + 4;
    if (i >= maxQuestions) continue;
    const type = bytes.readUInt16BE(name.next);
    questions.push({ name: name.text, type, class: bytes.readUInt16BE(name.next + 2) });
  }
  const answers: Answer[] = [];
  let extendedCode = 0;
  const records = Math.min(maxRecords, answerCount + authorityCount + additionalCount);
  for (let i = 0; i < records; i++) {
    const name = nameAt(bytes, start, end, at);
    if (name === undefined || name.next + 10 > end) break;
    const type = bytes.readUInt16BE(name.next);
    const ttlS = bytes.readUInt32BE(name.next + 4);
    const from = name.next + 10;
    at = from + bytes.readUInt16BE(name.next + 8);
    if (at > end) break;
    if (type === optType) extendedCode = ttlS >>> 24;
    else if (i < answerCount && answers.length < maxAnswers) {
      answers.push({ name: name.text, type, ttlS, text: recordText(bytes, start, end, type, from, at) });
    }
  }
  return {
    id: bytes.readUInt16BE(start),
    isResponse: (bits & 0x8000) !== 0,
    opCode: (bits >> 11) & 15,
    responseCode: (extendedCode << 4) | (bits & 15),
    flags: flagBits.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name),
    questions,
    answers,
    answerCount,
  };
}
