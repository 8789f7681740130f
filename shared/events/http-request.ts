import { defineEvent } from '../schema/spec.ts';
import { flowFields, flowProcessFields } from './flow-fields.ts';

export const httpRequest = defineEvent({
  name: 'http.request',
  doc: 'A request over plain HTTP/1. Cookies, credentials and values of secret parameters are left out.',
  logsource: { category: 'proxy' },
  priority: 'normal',
  fields: {
    'http.request.method': {
      type: 'keyword',
      required: true,
      max: 16,
      sigma: ['cs-method'],
      doc: 'Method, e.g. GET.',
    },
    'url.full': {
      type: 'keyword',
      required: true,
      max: 2048,
      indexed: true,
      sigma: ['c-uri'],
      doc: 'The whole address: scheme, host and what the request line asks for.',
    },
    'url.domain': {
      type: 'keyword',
      max: 255,
      indexed: true,
      sigma: ['cs-host', 'r-dns'],
      doc: 'Host asked for, from the Host header or the request line, without its port.',
    },
    'url.path': { type: 'keyword', max: 1024, sigma: ['c-uri-stem', 'cs-uri-stem'], doc: 'Path.' },
    'url.query': {
      type: 'keyword',
      max: 1024,
      sigma: ['c-uri-query', 'cs-uri-query'],
      doc: 'What stands after the question mark.',
    },
    'url.extension': {
      type: 'keyword',
      max: 32,
      sigma: ['c-uri-extension'],
      doc: 'Extension of the last part of the path.',
    },
    'user_agent.original': {
      type: 'keyword',
      max: 512,
      sigma: ['c-useragent', 'cs-user-agent'],
      doc: 'User-Agent header.',
    },
    'http.request.referrer': {
      type: 'keyword',
      max: 1024,
      sigma: ['cs-referrer', 'cs-referer'],
      doc: 'Referer header.',
    },
    'http.request.mime_type': {
      type: 'keyword',
      max: 128,
      sigma: ['cs-mime-type'],
      doc: 'Content-Type header.',
    },
    'http.request.body.bytes': {
      type: 'int',
      sigma: ['cs-bytes'],
      doc: 'Length of the body the request announces.',
    },
    'http.version': { type: 'keyword', max: 8, sigma: ['cs-version'], doc: 'Version, e.g. 1.1.' },
    ...flowFields,
    ...flowProcessFields,
  },
});
