/** What application analysis looks for: packages, their files, and what they may do. */
import { type Check, count } from '../check.ts';

/** What is installed: the last word on each package of each host. */
const installed = (where: string) => `
  SELECT host.id AS h, host.name AS n, package.name AS name, package.type AS kind, package.architecture AS arch,
    package.version AS version, package.origin AS origin, package.signature AS signature, time AS seen_at, event.id AS id
  FROM package.state WHERE ${where}
  QUALIFY row_number() OVER (PARTITION BY host.id, package.type, package.name, package.architecture
    ORDER BY time DESC, event.id DESC) = 1`;

export const applicationChecks: readonly Check[] = [
  {
    name: 'unknown-origin',
    kind: 'application',
    title: 'Packages of unknown origin',
    techniques: ['T1195.002'],
    fields: ['package.name', 'package.type', 'package.origin'],
    key: ['package.type', 'package.origin'],
    figures: ['packages', 'onNoOtherHost'],
    types: ['package.state'],
    recommendations: [
      'Find out where they came from; a version that repositories no longer offer wants an update, the rest a reason.',
    ],
    sql: ({ now }) => `
      WITH installed AS (${installed(now())}),
      odd AS (
        SELECT *, count(*) OVER (PARTITION BY kind, name) AS hosts FROM installed
        WHERE kind IN ('deb', 'rpm', 'apk', 'pacman') AND origin = 'unknown' AND coalesce(signature, 'none') = 'none')
      SELECT h AS host_id, max(n) AS host_name,
        [array_to_string(list_slice(list(name ORDER BY hosts, name), 1, 5), ', '), kind, 'unknown'] AS subject,
        [count(*), count(*) FILTER (hosts = 1)] AS numbers, min(seen_at) AS first_at, max(seen_at) AS last_at,
        min(id, 5) AS event_ids, count(*) AS rank
      FROM odd GROUP BY h, kind`,
    judge: ({ subject, numbers: { packages = 0, onNoOtherHost = 0 } }) => ({
      severity: onNoOtherHost > 0 && packages <= 20 ? 'medium' : 'low',
      confidence: onNoOtherHost > 0 && packages <= 5 ? 0.5 : 0.3,
      description: `${count(packages, 'package')} can be had from no repository that the host knows: ${subject[0]}${packages > 5 ? ' and others' : ''}.`,
    }),
  },
  {
    name: 'altered-files',
    kind: 'application',
    title: 'Package whose files are not as they came',
    techniques: ['T1554', 'T1036.005'],
    fields: ['package.name', 'package.version', 'file.path'],
    key: ['package.name'],
    figures: ['files', 'programs'],
    types: ['package.file'],
    recommendations: ['Compare the files with the package; install it again, and find out who changed them.'],
    sql: ({ now }) => `
      WITH last AS (
        SELECT host.id AS h, host.name AS n, package.name AS name, package.version AS version, file.path AS path,
          event.action AS did, list_contains(file.changes, 'content') AS content, time AS seen_at, event.id AS id
        FROM package.file WHERE ${now()}
        QUALIFY row_number() OVER (PARTITION BY host.id, file.path ORDER BY time DESC, event.id DESC) = 1)
      SELECT h AS host_id, max(n) AS host_name, [name, max(version), min(path)] AS subject,
        [count(*), count(*) FILTER (content AND regexp_matches(path, '/(s?bin|lib|lib64|libexec)/'))] AS numbers,
        min(seen_at) AS first_at, max(seen_at) AS last_at, min(id, 5) AS event_ids,
        count(*) FILTER (content AND regexp_matches(path, '/(s?bin|lib|lib64|libexec)/')) * 1000 + count(*) AS rank
      FROM last WHERE did <> 'restored' GROUP BY h, name`,
    judge: ({ subject, numbers: { files = 0, programs = 0 } }) => ({
      severity: programs > 0 ? 'high' : 'low',
      confidence: programs > 0 ? 0.7 : 0.4,
      description: `${count(files, 'file')} of ${subject[0]}${subject[1] ? ` ${subject[1]}` : ''} ${files === 1 ? 'is' : 'are'} not as the package has ${files === 1 ? 'it' : 'them'}, such as ${subject[2]}.`,
    }),
  },
  {
    name: 'version-mismatch',
    kind: 'application',
    title: 'Version that differs from the fleet',
    techniques: ['T1195.002', 'T1072'],
    fields: ['package.name', 'package.version', 'package.type'],
    key: ['package.name'],
    figures: ['hostsWithIt', 'hostsWithTheUsual'],
    types: ['package.state'],
    recommendations: [
      'Bring the host to the version of the others; an old one may lack fixes, a foreign one may be no fix.',
    ],
    sql: ({ now }) => `
      WITH installed AS (${installed(now())}),
      spread AS (SELECT kind, name, arch, version, count(*) AS hosts FROM installed GROUP BY ALL),
      usual AS (
        SELECT kind, name, arch, max(hosts) AS most, sum(hosts) AS total, max_by(version, (hosts, version)) AS version
        FROM spread GROUP BY ALL HAVING count(*) > 1)
      SELECT i.h AS host_id, i.n AS host_name, [i.name, i.version, i.kind, usual.version] AS subject,
        [s.hosts, usual.most] AS numbers, i.seen_at AS first_at, i.seen_at AS last_at, [i.id] AS event_ids, -s.hosts AS rank
      FROM installed i JOIN spread s ON s.kind = i.kind AND s.name = i.name AND s.arch IS NOT DISTINCT FROM i.arch
          AND s.version IS NOT DISTINCT FROM i.version
        JOIN usual ON usual.kind = i.kind AND usual.name = i.name AND usual.arch IS NOT DISTINCT FROM i.arch
      WHERE usual.total >= 4 AND s.hosts * 4 <= usual.total AND usual.most * 2 >= usual.total`,
    judge: ({ subject, numbers: { hostsWithIt = 0, hostsWithTheUsual = 0 } }) => ({
      severity: 'low',
      confidence: 0.6,
      description: `${subject[0]} is ${subject[1]} here and on ${hostsWithIt - 1} others, while ${count(hostsWithTheUsual, 'host has', 'hosts have')} ${subject[3]}.`,
    }),
  },
  {
    name: 'excessive-permissions',
    kind: 'application',
    title: 'Program that gives more rights than its caller has',
    techniques: ['T1548.001'],
    fields: ['file.path', 'file.owner', 'file.capabilities'],
    key: ['file.path'],
    figures: ['packaged'],
    types: ['file.privilege'],
    recommendations: [
      'Take the set-uid bit or the capabilities away, unless somebody can say what they are for.',
    ],
    sql: ({ now }) => `
      WITH last AS (
        SELECT *, event.id AS id FROM file.privilege WHERE ${now()}
        QUALIFY row_number() OVER (PARTITION BY host.id, file.path ORDER BY time DESC, event.id DESC) = 1)
      SELECT last.host.id AS host_id, last.host.name AS host_name,
        [last.file.path, last.file.owner, last.file.capabilities] AS subject, [coalesce(last.file.packaged, false)::INT] AS numbers,
        last.time AS first_at, last.time AS last_at, [id] AS event_ids, 0 AS rank
      FROM last
      WHERE last.event.action <> 'gone' AND (NOT coalesce(last.file.packaged, false)
        OR regexp_matches(coalesce(last.file.capabilities, ''), 'cap_(sys_admin|sys_ptrace|sys_module|dac_override|setuid|sys_rawio)'))`,
    judge: ({ subject, numbers: { packaged = 0 } }) => ({
      severity: packaged === 1 ? 'low' : 'high',
      confidence: packaged === 1 ? 0.3 : 0.6,
      description: `${subject[0]} runs with the rights of ${subject[2] ? subject[2] : subject[1] || 'another user'}${packaged === 1 ? '' : ' and belongs to no package'}.`,
    }),
  },
  {
    name: 'new-packages',
    kind: 'application',
    title: 'Package that was installed or changed',
    techniques: ['T1072'],
    fields: ['package.name', 'package.version', 'event.action', 'package.type'],
    key: ['package.name'],
    figures: ['changes', 'hosts'],
    types: ['package.change'],
    recommendations: [
      'Compare with what was planned; an interpreter, a compiler or a scanner on a server wants a reason.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [package.name, max_by(package.version, (time, event.id)), max_by(event.action, (time, event.id)), package.type] AS subject,
        [count(*), 1] AS numbers, min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids,
        count(*) FILTER (event.action = 'downgraded') * 1000
          + regexp_matches(package.name, '^(nmap|masscan|netcat|socat|tcpdump|hydra|john|hashcat|gcc|g\\+\\+|golang|ruby|php|perl|gdb|strace|proxychains|tor)')::INT * 100
          + count(*) AS rank
      FROM package.change WHERE ${now()} AND event.action IN ('installed', 'downgraded')
      GROUP BY host.id, package.type, package.name`,
    judge: ({ subject }) => {
      const isTool =
        /^(nmap|masscan|netcat|socat|tcpdump|hydra|john|hashcat|gdb|strace|proxychains|tor)/.test(
          subject[0] ?? '',
        );
      const isDown = subject[2] === 'downgraded';
      return {
        severity: isDown ? 'medium' : isTool ? 'low' : 'informational',
        confidence: isDown || isTool ? 0.5 : 0.2,
        description: `${subject[0]}${subject[1] ? ` ${subject[1]}` : ''} was ${subject[2]}.`,
      };
    },
  },
  {
    name: 'new-behaviour',
    kind: 'application',
    title: 'Program that began to use the network',
    techniques: ['T1071', 'T1055'],
    fields: ['process.executable'],
    key: ['process.executable'],
    figures: ['connections', 'destinations', 'startsBefore'],
    types: ['network.connection'],
    recommendations: [
      'Look at the destinations and at what changed: an update, a setting, or a guest in the program.',
    ],
    sql: ({ now, before, ids }) => `
      WITH ran AS (
        SELECT host.id AS h, process.executable AS exe, count(*) AS starts FROM process.start
        WHERE ${before()} AND process.executable IS NOT NULL GROUP BY ALL HAVING count(*) >= 20),
      talked AS (
        SELECT DISTINCT host.id AS h, process.executable AS exe FROM network.connection
        WHERE ${before()} AND network.initiated)
      SELECT c.host.id AS host_id, max(c.host.name) AS host_name, [c.process.executable] AS subject,
        [count(*), count(DISTINCT c.destination.ip), any_value(ran.starts)] AS numbers,
        min(c.time) AS first_at, max(c.time) AS last_at, ${ids('c')} AS event_ids, count(*) AS rank
      FROM network.connection c JOIN ran ON ran.h = c.host.id AND ran.exe = c.process.executable
      WHERE ${now('c')} AND c.network.initiated AND c.event.action = 'connected'
        AND NOT EXISTS (SELECT 1 FROM talked WHERE talked.h = c.host.id AND talked.exe = c.process.executable)
      GROUP BY c.host.id, c.process.executable`,
    judge: ({ subject, numbers: { destinations = 0, startsBefore = 0 } }) => ({
      severity: 'low',
      confidence: 0.4,
      description: `${subject[0]} connected to ${count(destinations, 'address', 'addresses')}; in ${startsBefore} starts before it never did.`,
    }),
  },
];
