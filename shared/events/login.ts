import { defineEvent } from '../schema/spec.ts';

export const login = defineEvent({
  name: 'login',
  doc: 'Somebody signed in, failed to, signed out, or took another identity (su, sudo).',
  logsource: { category: 'authentication', service: 'auth' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['login', 'logout', 'failed', 'sudo', 'su', 'session-open', 'boot', 'shutdown'],
      doc: 'What happened.',
    },
    'event.outcome': {
      type: 'keyword',
      required: true,
      values: ['success', 'failure'],
      doc: 'Whether it was granted.',
    },
    'user.name': { type: 'keyword', max: 256, indexed: true, sigma: ['User', 'TargetUserName'], doc: 'Who.' },
    'user.effective.name': { type: 'keyword', max: 256, doc: 'Whose identity was taken, for su and sudo.' },
    'source.ip': {
      type: 'ip',
      indexed: true,
      sigma: ['SourceIp', 'IpAddress'],
      doc: 'Address it came from.',
    },
    'source.domain': { type: 'keyword', max: 256, doc: 'Host name it came from, where recorded instead.' },
    'process.pid': { type: 'int', sigma: ['ProcessId'], doc: 'Process that recorded it.' },
    'process.name': { type: 'keyword', max: 256, doc: 'Program that recorded it, e.g. sshd.' },
    'process.command_line': { type: 'text', sigma: ['CommandLine'], doc: 'Command run through sudo.' },
    'process.tty': { type: 'keyword', max: 64, doc: 'Terminal line.' },
    'authentication.method': {
      type: 'keyword',
      max: 64,
      doc: 'password, publickey and so on, where logged.',
    },
    'log.source': {
      type: 'keyword',
      required: true,
      values: ['utmp', 'wtmp', 'btmp', 'lastlog', 'auth-log', 'journal', 'provider'],
      doc: 'Record it was read from.',
    },
    message: { type: 'text', max: 4096, doc: 'The log line, where there is one.' },
  },
});
