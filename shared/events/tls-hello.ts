import { defineEvent } from '../schema/spec.ts';
import { flowFields, flowProcessFields } from './flow-fields.ts';

export const tlsHello = defineEvent({
  name: 'tls.hello',
  doc: 'A client began a TLS handshake: which name it asked for, and what its hello looks like.',
  logsource: { category: 'tls' },
  priority: 'normal',
  fields: {
    'tls.client.server_name': {
      type: 'keyword',
      max: 255,
      indexed: true,
      sigma: ['server_name', 'DestinationHostname'],
      doc: 'Name in the server name extension; absent when the client gives none.',
    },
    'tls.client.ja4': {
      type: 'keyword',
      required: true,
      max: 64,
      indexed: true,
      sigma: ['ja4'],
      doc: 'JA4 fingerprint of the hello, as FoxIO specifies it.',
    },
    'tls.client.supported_versions': {
      type: 'keywords',
      max: 16,
      doc: 'Versions offered, highest first by the client, e.g. 1.3.',
    },
    'tls.client.alpn': { type: 'keywords', max: 16, doc: 'Protocols offered inside TLS, e.g. h2.' },
    'tls.version': { type: 'keyword', max: 16, sigma: ['version'], doc: 'Highest version offered.' },
    'tls.client.ciphers_count': { type: 'int', doc: 'Cipher suites offered, GREASE left out.' },
    'tls.client.encrypted_hello': {
      type: 'bool',
      doc: 'True when the hello carries an encrypted one (ECH), so that the name may be that of a front.',
    },
    ...flowFields,
    ...flowProcessFields,
  },
});
