import type { EventByType } from '#shared/events/registry.gen.ts';
import { secondUs } from '../bounds.ts';
import { type Endpoints, endpointFields, turned } from '../flow/endpoints.ts';
import type { Message, Question } from './message.ts';
import { className, opCodeName, responseCodeName, typeName } from './record-types.ts';

export type DnsEvent = EventByType['dns.query'];
export type DnsProtocol = DnsEvent['network.protocol'];

/** A question without an answer by then is told as it is; stub resolvers ask again after 5 s. */
const answerUs = 6 * secondUs;
/** In which one multicast announcement or question of a host is told once. */
const repeatUs = 60 * secondUs;
const maxRepeats = 1024;
const addressTypes: ReadonlySet<number> = new Set([1, 28]);

interface Pending {
  readonly message: Message;
  readonly question: Question;
  readonly endpoints: Endpoints;
  readonly protocol: DnsProtocol;
  readonly askedUs: number;
  /** Kept after its answer, so that copies of it on other interfaces are known as such. */
  isAnswered: boolean;
}

export interface TransactionOptions {
  /** Questions that wait for their answer. */
  readonly questions: number;
  readonly onTold: (event: DnsEvent, endpoints: Endpoints) => void;
}

/** Brings DNS questions and answers together: one event for both. */
export class DnsTransactions {
  readonly #options: TransactionOptions;
  /** In order of their questions. */
  readonly #pending = new Map<string, Pending>();
  readonly #repeats = new Map<string, number>();

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  /** `endpoints` has the sender of the message as its client. */
  take(message: Message, endpoints: Endpoints, protocol: DnsProtocol, timeUs: number): void {
    if (protocol === 'mdns') this.#multicast(message, endpoints, timeUs);
    else if (message.isResponse) this.#answer(message, endpoints, protocol, timeUs);
    else this.#ask(message, endpoints, protocol, timeUs);
  }

  /** Tells the questions whose time is over. */
  sweep(nowUs: number): void {
    for (const [key, pending] of this.#pending) {
      if (nowUs - pending.askedUs < answerUs) break;
      this.#pending.delete(key);
      this.#unanswered(pending);
    }
    for (const [key, atUs] of this.#repeats) {
      if (nowUs - atUs < repeatUs) break;
      this.#repeats.delete(key);
    }
  }

  /** Tells every question that still waits. */
  close(): void {
    for (const pending of this.#pending.values()) this.#unanswered(pending);
    this.#pending.clear();
  }

  #ask(message: Message, endpoints: Endpoints, protocol: DnsProtocol, timeUs: number): void {
    const question = message.questions[0];
    if (question === undefined) return;
    const key = keyOf(message.id, endpoints, protocol);
    const earlier = this.#pending.get(key);
    if (earlier !== undefined) {
      if (!earlier.isAnswered && isSame(earlier.question, question)) return;
      this.#pending.delete(key);
      this.#unanswered(earlier);
    }
    if (this.#pending.size >= this.#options.questions) this.#giveUpOldest();
    this.#pending.set(key, { message, question, endpoints, protocol, askedUs: timeUs, isAnswered: false });
  }

  #answer(message: Message, from: Endpoints, protocol: DnsProtocol, timeUs: number): void {
    const asked = this.#pending.get(keyOf(message.id, turned(from), protocol));
    const question = message.questions[0] ?? asked?.question;
    if (question === undefined) return;
    const fits = asked !== undefined && isSame(asked.question, question);
    if (fits && asked.isAnswered) return;
    const endpoints = fits && protocol === 'dns' ? asked.endpoints : turned(from);
    const durationNs = fits ? Math.max(0, Math.round((timeUs - asked.askedUs) * 1000)) : undefined;
    if (fits) asked.isAnswered = true;
    const time = fits ? asked.askedUs : timeUs;
    this.#tell(dnsEvent(message, question, endpoints, protocol, time, durationNs), endpoints);
  }

  /** Of multicast DNS both questions and answers go to everybody, and are repeated often. */
  #multicast(message: Message, endpoints: Endpoints, timeUs: number): void {
    const [first] = message.answers;
    const topics = message.isResponse
      ? first === undefined
        ? []
        : [{ name: first.name, type: first.type, class: 1 }]
      : message.questions;
    for (const question of topics) {
      const key = `${endpoints.clientIp} ${message.isResponse} ${question.type} ${question.name}`;
      if (this.#repeats.has(key)) continue;
      if (this.#repeats.size >= maxRepeats) this.#repeats.delete(this.#repeats.keys().next().value as string);
      this.#repeats.set(key, timeUs);
      this.#tell(dnsEvent(message, question, endpoints, 'mdns', timeUs, undefined), endpoints);
    }
  }

  #giveUpOldest(): void {
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    this.#pending.delete(oldest[0]);
    this.#unanswered(oldest[1]);
  }

  #unanswered(pending: Pending): void {
    if (pending.isAnswered) return;
    const { message, question, endpoints, protocol, askedUs } = pending;
    this.#tell(dnsEvent(message, question, endpoints, protocol, askedUs, undefined), endpoints);
  }

  #tell(event: DnsEvent, endpoints: Endpoints): void {
    this.#options.onTold(event, endpoints);
  }
}

/** The answer to an LLMNR question comes from another address than it was sent to. */
function keyOf(id: number, endpoints: Endpoints, protocol: DnsProtocol): string {
  const { transport, clientIp, clientPort, serverIp, serverPort } = endpoints;
  const server = protocol === 'llmnr' ? '' : `${serverIp} ${serverPort}`;
  return `${transport} ${id} ${clientIp} ${clientPort} ${server}`;
}

function isSame(a: Question, b: Question): boolean {
  return a.name === b.name && a.type === b.type;
}

function dnsEvent(
  message: Message,
  question: Question,
  endpoints: Endpoints,
  protocol: DnsProtocol,
  time: number,
  durationNs: number | undefined,
): DnsEvent {
  const { isResponse, responseCode, answers } = message;
  const addresses = answers.filter((answer) => addressTypes.has(answer.type)).map((answer) => answer.text);
  return {
    type: 'dns.query',
    time,
    'dns.question.name': question.name,
    'dns.question.type': typeName(question.type),
    'dns.question.class': className(question.class),
    'dns.id': String(message.id),
    'dns.op_code': opCodeName(message.opCode),
    'dns.response_code': isResponse ? responseCodeName(responseCode) : undefined,
    'dns.query_status': isResponse ? (responseCode === 0 ? 0 : 9000 + responseCode) : undefined,
    'dns.header_flags': message.flags,
    'dns.answers.data': answers.length > 0 ? answers.map((answer) => answer.text) : undefined,
    'dns.answers.type': answers.length > 0 ? answers.map((answer) => typeName(answer.type)) : undefined,
    'dns.answers.ttl': answers.length > 0 ? answers.map((answer) => String(answer.ttlS)) : undefined,
    'dns.answers.count': isResponse ? message.answerCount : undefined,
    'dns.resolved_ip': addresses.length > 0 ? addresses : undefined,
    'network.protocol': protocol,
    'event.duration': durationNs,
    ...endpointFields(endpoints),
  };
}
