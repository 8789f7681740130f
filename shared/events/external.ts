import { defineEvent } from '../schema/spec.ts';

export const external = defineEvent({
  name: 'external',
  doc: 'What another system reported to the collector: an application, a device, a script.',
  logsource: { category: 'external' },
  priority: 'normal',
  fields: {
    'log.source': {
      type: 'keyword',
      required: true,
      max: 64,
      indexed: true,
      doc: 'Who reported it: the name of the token or user.',
    },
    'event.action': {
      type: 'keyword',
      max: 256,
      indexed: true,
      doc: 'What was done, in the words of that system.',
    },
    'event.category': { type: 'keyword', max: 256, doc: 'What kind of thing happened, likewise.' },
    'event.original': {
      type: 'text',
      max: 8192,
      doc: 'The report as it came, where not all of it has a field.',
    },
    'user.name': { type: 'keyword', max: 256, indexed: true, sigma: ['User'], doc: 'Who did it.' },
    'source.ip': {
      type: 'ip',
      indexed: true,
      sigma: ['SourceIp', 'IpAddress'],
      doc: 'Address it came from.',
    },
    'file.path': { type: 'keyword', max: 4096, sigma: ['TargetFilename'], doc: 'File it was done to.' },
    'db.query.text': {
      type: 'text',
      max: 8192,
      sigma: ['Query'],
      doc: 'Statement that a database was asked to run.',
    },
    'network.transport': { type: 'keyword', max: 32, doc: 'Protocol, e.g. tcp.' },
  },
});
