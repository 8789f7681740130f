import { defineEvent } from '../schema/spec.ts';
import { flowFields, flowProcessFields } from './flow-fields.ts';

export const dnsQuery = defineEvent({
  name: 'dns.query',
  doc: 'A DNS question with its answer, or without one when none came in time. Source is who asked; of an unasked multicast answer, who gave it.',
  logsource: { category: 'dns_query' },
  priority: 'normal',
  fields: {
    'dns.question.name': {
      type: 'keyword',
      required: true,
      max: 1024,
      indexed: true,
      sigma: ['QueryName', 'query'],
      doc: 'Name asked for, in lower case, without the last dot; unprintable bytes, and dots and backslashes within labels, as \\DDD (RFC 4343).',
    },
    'dns.question.type': {
      type: 'keyword',
      max: 32,
      sigma: ['QueryType', 'record_type'],
      doc: 'Type asked for, e.g. A; TYPE123 where it has no name (RFC 3597).',
    },
    'dns.question.class': { type: 'keyword', max: 16, doc: 'Class asked for, nearly always IN.' },
    'dns.id': { type: 'keyword', max: 5, doc: 'Number of the transaction.' },
    'dns.op_code': { type: 'keyword', max: 16, doc: 'Kind of message: QUERY, NOTIFY, UPDATE and so on.' },
    'dns.response_code': {
      type: 'keyword',
      max: 16,
      doc: 'Outcome: NOERROR, NXDOMAIN, SERVFAIL and so on; absent when no answer was seen.',
    },
    'dns.query_status': {
      type: 'int',
      sigma: ['QueryStatus'],
      doc: 'Outcome as Windows numbers it: 0 for success, else 9000 and the response code; absent without an answer.',
    },
    'dns.header_flags': {
      type: 'keywords',
      max: 8,
      doc: 'Flags of the answer, or of the question: AA TC RD RA AD CD.',
    },
    'dns.answers.data': {
      type: 'keywords',
      max: 64,
      sigma: ['QueryResults', 'answer'],
      doc: 'Content of the answer records, in the order given: an address, a name, a text.',
    },
    'dns.answers.type': { type: 'keywords', max: 64, doc: 'Types of those records, in the same order.' },
    'dns.answers.ttl': { type: 'keywords', max: 64, doc: 'Seconds each of them may be kept.' },
    'dns.answers.count': { type: 'int', doc: 'Answer records the message announces, told or not.' },
    'dns.resolved_ip': { type: 'keywords', max: 64, doc: 'Addresses among the answers.' },
    'network.protocol': {
      type: 'keyword',
      required: true,
      values: ['dns', 'mdns', 'llmnr'],
      doc: 'Which of the protocols that share the message form.',
    },
    'event.duration': { type: 'int', doc: 'Nanoseconds from question to answer.' },
    ...flowFields,
    ...flowProcessFields,
  },
});
