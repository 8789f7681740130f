import type { AuditEvent } from './assembler.ts';
import { type AuditRecord, numberIn } from './record.ts';
import { syscallName } from './syscall-names.ts';

/** Characters of a command line put together; the rest of a longer one is left out. */
const maxCommandLine = 32_768;
const maxArguments = 4096;
/** The kernel's name for nobody in fields of user ids (AUDIT_UID_UNSET). */
const unset = new Set(['4294967295', '-1']);

/** An event of the audit system as one act of one process, with what its records say together. */
export interface AuditAct {
  readonly event: AuditEvent;
  /** The system call, where the event is about one. */
  readonly call: AuditRecord | undefined;
  readonly callName: string | undefined;
  readonly succeeded: boolean;
  readonly pid: number | undefined;
  readonly parentPid: number | undefined;
  readonly comm: string | undefined;
  readonly exe: string | undefined;
  readonly userId: string | undefined;
  readonly cwd: string | undefined;
  /** Arguments of a program that was begun, joined by spaces; as far as PROCTITLE has them without EXECVE. */
  readonly commandLine: string | undefined;
  readonly arguments: readonly string[] | undefined;
}

export function actOf(event: AuditEvent): AuditAct {
  const { records } = event;
  const of = (type: string) => records.find((record) => record.type === type);
  const call = of('SYSCALL');
  const who = call ?? records[0];
  const field = (name: string) => who?.fields.get(name);
  const args = argumentsOf(records);
  return {
    event,
    call,
    callName: callNameOf(call),
    succeeded: call?.fields.get('success') === 'yes',
    pid: pidIn(field('pid')),
    parentPid: pidIn(field('ppid')),
    comm: field('comm'),
    exe: field('exe'),
    userId: userIdIn(field('uid')),
    cwd: of('CWD')?.fields.get('cwd'),
    commandLine: (args?.join(' ') ?? titleOf(of('PROCTITLE')))?.slice(0, maxCommandLine),
    arguments: args,
  };
}

/** A user id; undefined where there is none. */
export function userIdIn(text: string | undefined): string | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) && !unset.has(text) ? text : undefined;
}

export function pidIn(text: string | undefined): number | undefined {
  const pid = numberIn(text);
  return pid !== undefined && pid > 0 && pid < 2 ** 31 ? pid : undefined;
}

export function callNameOf(call: AuditRecord | undefined): string | undefined {
  if (call === undefined) return undefined;
  const enriched = call.fields.get('SYSCALL');
  if (enriched !== undefined) return enriched;
  const number = numberIn(call.fields.get('syscall'));
  return number === undefined ? undefined : syscallName(call.fields.get('arch') ?? '', number);
}

/** Arguments from EXECVE records; long ones come as `a1_len=… a1[0]=… a1[1]=…` over several of them. */
function argumentsOf(records: readonly AuditRecord[]): string[] | undefined {
  const whole = new Map<number, string>();
  const pieces = new Map<number, string[]>();
  let room = maxCommandLine * 2;
  for (const { type, fields } of records) {
    if (type !== 'EXECVE') continue;
    for (const [name, value] of fields) {
      const m = /^a(\d{1,6})(?:\[\d{1,6}\])?$/.exec(name);
      const index = Number(m?.[1] ?? maxArguments);
      if (index >= maxArguments || room <= 0) continue;
      room -= value.length;
      if (!name.includes('[')) whole.set(index, value);
      else if (pieces.has(index)) pieces.get(index)?.push(value);
      else pieces.set(index, [value]);
    }
  }
  for (const [index, parts] of pieces) whole.set(index, textOfPieces(parts));
  if (whole.size === 0) return undefined;
  return [...whole].sort(([a], [b]) => a - b).map(([, text]) => text);
}

/** Pieces are in hex, or quoted where all of the argument is plain. */
function textOfPieces(parts: readonly string[]): string {
  const text = parts.join('');
  return text.length % 2 === 0 && /^[0-9A-F]+$/.test(text) ? Buffer.from(text, 'hex').toString('utf8') : text;
}

/** PROCTITLE holds at most 128 bytes of the arguments, with a NUL after each. */
function titleOf(record: AuditRecord | undefined): string | undefined {
  return record?.fields.get('proctitle')?.replace(/\0+$/, '').replaceAll('\0', ' ');
}
