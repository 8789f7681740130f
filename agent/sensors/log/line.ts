import type { EventByType } from '#shared/events/registry.gen.ts';

/** A line of a log or an entry of the journal, taken apart. */
export interface LogLine {
  /** Microseconds since the epoch: as written in the line, else when it was read. */
  readonly at: number;
  /** Name of the source in the settings. */
  readonly source: string;
  readonly message: string;
  /** True when `message` is not the whole. */
  readonly cut: boolean;
  /** Program by its own account. */
  readonly identifier?: string | undefined;
  /** Program as far as it can be believed; undefined where the journal knows that it is not what it says. */
  readonly program?: string | undefined;
  readonly pid?: number | undefined;
  readonly host?: string | undefined;
  /** RFC 5424, 0 to 23. */
  readonly facility?: number | undefined;
  /** RFC 5424, 0 to 7. */
  readonly severity?: number | undefined;
  readonly path?: string | undefined;
  /** Byte at which the line begins in that file. */
  readonly offset?: number | undefined;
  readonly cursor?: string | undefined;
  readonly executable?: string | undefined;
  readonly userId?: string | undefined;
  readonly unit?: string | undefined;
}

/** RFC 5424, table 1, with the short names of syslog(3). */
const facilities =
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console clock local0 local1 local2 local3 local4 local5 local6 local7'.split(
    ' ',
  );
const severities = 'emerg alert crit err warning notice info debug'.split(' ');

const authFacilities = new Set([4, 10]);
const cronFacility = 9;
const kernelFacility = 0;

/** Services of programs beyond those of their own name. */
const byProgram: Readonly<Record<string, readonly string[]>> = {
  sshd: ['sshd', 'auth'],
  'sshd-session': ['sshd', 'auth'],
  'sshd-auth': ['sshd', 'auth'],
  sudo: ['sudo', 'auth'],
  su: ['su', 'auth'],
  login: ['login', 'auth'],
  'systemd-logind': ['login', 'auth'],
  polkitd: ['polkit', 'auth'],
  pkexec: ['polkit', 'auth'],
  cron: ['cron'],
  CRON: ['cron'],
  crond: ['cron'],
  crontab: ['cron'],
  anacron: ['cron'],
  clamd: ['clamav'],
  freshclam: ['clamav'],
  clamscan: ['clamav'],
  guacd: ['guacamole'],
  vsftpd: ['vsftpd'],
  named: ['named'],
  kernel: ['kernel'],
  apache2: ['apache'],
  httpd: ['apache'],
  nginx: ['nginx'],
  squid: ['squid'],
};

/** Combinations that were asked for; far more than programs and facilities give by themselves. */
const maxKnown = 512;
const known = new Map<string, readonly string[]>();

/** Services of Sigma rules that mean such lines. `syslog` for all that has the form of syslog. */
function servicesOf({ source, identifier, facility, host }: LogLine): readonly string[] {
  const key = `${source}\0${identifier ?? ''}\0${facility ?? ''}\0${host === undefined ? 0 : 1}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const services = new Set<string>([source]);
  if (identifier !== undefined && Object.hasOwn(byProgram, identifier))
    for (const service of byProgram[identifier] ?? []) services.add(service);
  if (facility !== undefined && authFacilities.has(facility)) services.add('auth');
  if (facility === cronFacility) services.add('cron');
  if (facility === kernelFacility) services.add('kernel');
  if (source === 'journal' || host !== undefined) services.add('syslog');
  const list = [...services];
  if (known.size >= maxKnown) known.clear();
  known.set(key, list);
  return list;
}

export function lineEvent(line: LogLine): EventByType['log.line'] {
  const { facility, severity } = line;
  return {
    type: 'log.line',
    time: line.at,
    'event.truncated': line.cut ? ['message'] : undefined,
    message: line.message,
    'log.source': line.source,
    'log.service': servicesOf(line),
    'log.file.path': line.path,
    'log.offset': line.offset,
    'log.cursor': line.cursor,
    'log.syslog.appname': line.identifier,
    'log.syslog.hostname': line.host,
    'log.syslog.facility.code': facility,
    'log.syslog.facility.name': facility === undefined ? undefined : facilities[facility],
    'log.syslog.severity.code': severity,
    'log.syslog.severity.name': severity === undefined ? undefined : severities[severity],
    'process.pid': line.pid,
    'process.executable': line.executable,
    'user.id': line.userId,
    'systemd.unit': line.unit,
  };
}
