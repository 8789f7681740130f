import { isIP } from 'node:net';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { type AuditAct, callNameOf, pidIn, userIdIn } from './act.ts';
import { type AuditRecord, keysOf } from './record.ts';
import { socketAddressOf } from './socket-address.ts';

type RecordEvent = EventByType['audit.record'];

/** Records whose fields are all told elsewhere in the event. */
const toldWhole = new Set(['EXECVE', 'PROCTITLE']);
/** What was typed at a terminal: passwords are among it. */
const typed = /TTY/;

/** The events of the records of one act. Further EXECVE records only go on with the arguments of the first. */
export function* recordEvents(act: AuditAct): Generator<RecordEvent> {
  let told = false;
  for (const record of act.event.records) {
    if (record.type === 'EXECVE') {
      if (told) continue;
      told = true;
    }
    yield recordEvent(record, act);
  }
}

function recordEvent(record: AuditRecord, act: AuditAct): RecordEvent {
  const { type, at, serial, fields } = record;
  const field = (name: string) => fields.get(name);
  const isExecve = type === 'EXECVE';
  const who = (name: string) => field(name) ?? act.call?.fields.get(name);
  const address = field('addr');
  const peer = type === 'SOCKADDR' ? socketAddressOf(field('saddr')) : undefined;
  const given = (index: number) => (isExecve ? act.arguments?.[index] : field(`a${index}`));
  return {
    type: 'audit.record',
    time: at,
    'auditd.type': type,
    'auditd.sequence': serial,
    'auditd.key': keysOf(record),
    'auditd.result': field('success') ?? field('res') ?? field('result'),
    'auditd.syscall': field('syscall'),
    'auditd.syscall_name': type === 'SYSCALL' ? callNameOf(record) : undefined,
    'auditd.arch': field('arch'),
    'auditd.exit': field('exit'),
    'auditd.name': field('name'),
    'auditd.nametype': field('nametype'),
    'auditd.cwd': field('cwd'),
    'auditd.mode': field('mode'),
    'auditd.op': field('op'),
    'auditd.unit': field('unit'),
    'auditd.terminal': field('terminal') ?? field('tty'),
    'auditd.session': userIdIn(who('ses')),
    'auditd.data': toldWhole.has(type) || typed.test(type) ? undefined : record.body || undefined,
    'process.command_line': commandLineIn(record, act),
    'process.pid': pidIn(who('pid')),
    'process.parent.pid': pidIn(who('ppid')),
    'process.name': who('comm'),
    'process.executable': who('exe'),
    'user.id': userIdIn(who('uid')),
    'user.effective.id': userIdIn(who('euid')),
    'user.audit.id': userIdIn(who('auid')),
    'user.target.name': field('acct'),
    'source.ip': address !== undefined && isIP(address) !== 0 ? address.toLowerCase() : undefined,
    'destination.ip': peer?.ip,
    'destination.port': peer?.port,
    'auditd.a0': given(0),
    'auditd.a1': given(1),
    'auditd.a2': given(2),
    'auditd.a3': given(3),
    'auditd.a4': given(4),
    'auditd.a5': given(5),
    'auditd.a6': given(6),
    'auditd.a7': given(7),
    'auditd.a8': given(8),
    'auditd.a9': given(9),
  };
}

/** Of an event that has both, EXECVE tells it and PROCTITLE does not repeat it. */
function commandLineIn({ type, fields }: AuditRecord, act: AuditAct): string | undefined {
  if (type === 'EXECVE') return act.commandLine;
  if (type === 'PROCTITLE') return act.arguments === undefined ? act.commandLine : undefined;
  return fields.get('cmd');
}
