import { defineEvent } from '../schema/spec.ts';

export const alert = defineEvent({
  name: 'alert',
  doc: 'A rule that matched on the host itself. The collector makes it one alert with what it detects in the events.',
  // No rule is about alerts; a rule about anything of a product is not about those of its hosts.
  logsource: { category: 'vedette_alert', product: 'vedette' },
  priority: 'alert',
  fields: {
    'rule.id': { type: 'keyword', required: true, doc: 'Id of the rule.' },
    'rule.name': { type: 'keyword', required: true, doc: 'Its title.' },
    'rule.level': {
      type: 'keyword',
      required: true,
      values: ['informational', 'low', 'medium', 'high', 'critical'],
      doc: 'How bad it is if it is true.',
    },
    'rule.tags': { type: 'keywords', max: 64, doc: 'Sigma tags, such as techniques of ATT&CK.' },
    'rule.ruleset': { type: 'keyword', max: 64, doc: 'SHA-256 of the rules that the host ran, hex.' },
    'alert.subject': {
      type: 'text',
      required: true,
      doc: 'Whom or what it is about, as JSON: what its id is derived from besides the rule.',
    },
    'alert.group': { type: 'bool', doc: 'True for a correlation, whose subject is a group and an episode.' },
    'alert.reason': { type: 'text', required: true, doc: 'One sentence a person understands.' },
    'alert.matches': { type: 'text', max: 131_072, required: true, doc: 'The tests that held, as JSON.' },
    'alert.event': { type: 'text', max: 524_288, required: true, doc: 'The event that matched, as JSON.' },
    'alert.event_ids': { type: 'keywords', max: 100, doc: 'Ids of the events that are its evidence.' },
    'alert.count': {
      type: 'int',
      required: true,
      doc: 'Events that matched since the one before of this alert.',
    },
    'alert.first_at': { type: 'time', required: true, doc: 'Time of the first of them.' },
    'alert.last_at': { type: 'time', required: true, doc: 'Time of the last of them.' },
  },
});
