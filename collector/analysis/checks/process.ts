/** What process analysis looks for. Thresholds are what an ordinary server stays below. */
import { type Check, count, span } from '../check.ts';

const shells = "'sh','bash','dash','zsh','ksh','ash','fish','csh','tcsh'";
const services =
  "'nginx','apache2','httpd','php-fpm','mysqld','mariadbd','postgres','redis-server','named','java','tomcat','node','mongod','sshd','cron','exim4','master','smbd','dovecot','vsftpd'";

export const processChecks: readonly Check[] = [
  {
    name: 'many-connections',
    kind: 'process',
    title: 'Process with many connections',
    techniques: ['T1046', 'T1071'],
    fields: ['process.executable', 'process.entity_id', 'user.name'],
    key: ['process.entity_id'],
    figures: ['connections', 'destinations', 'ports'],
    types: ['network.connection'],
    recommendations: [
      'Look at the process tree and at the destinations; end the process if nobody can say what it is for.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [max(process.executable), process.entity_id, max(user.name)] AS subject,
        [count(*), count(DISTINCT destination.ip), count(DISTINCT destination.port)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, count(DISTINCT destination.ip) AS rank
      FROM network.connection
      WHERE ${now()} AND network.initiated AND event.action IN ('connected', 'attempted', 'failed')
        AND process.entity_id IS NOT NULL
      GROUP BY host.id, process.entity_id
      HAVING count(DISTINCT destination.ip) >= 50 OR count(*) >= 1000`,
    judge: ({ subject, numbers: { connections = 0, destinations = 0, ports = 0 } }) => ({
      severity: destinations >= 200 ? 'high' : 'medium',
      confidence: destinations >= 200 ? 0.8 : 0.6,
      description: `${subject[0]} opened ${count(connections, 'connection')} to ${count(destinations, 'address', 'addresses')} and ${count(ports, 'port')}.`,
    }),
  },
  {
    name: 'idle-long-running',
    kind: 'process',
    title: 'Long-running process without activity',
    techniques: ['T1205'],
    fields: ['process.executable', 'process.entity_id', 'user.name'],
    key: ['process.entity_id'],
    figures: ['ageSeconds'],
    types: ['process.start'],
    recommendations: ['Find out who started it and what for; a program that only waits may be a foothold.'],
    sql: ({ now, ids }) => `
      SELECT p.host.id AS host_id, max(p.host.name) AS host_name,
        [max(p.process.executable), p.process.entity_id, max(p.user.name)] AS subject,
        [epoch($until::TIMESTAMP)::BIGINT - epoch(min(p.process.start))::BIGINT] AS numbers,
        min(p.time) AS first_at, max(p.time) AS last_at, ${ids('p')} AS event_ids,
        epoch($until::TIMESTAMP)::BIGINT - epoch(min(p.process.start))::BIGINT AS rank
      FROM process.start p
      WHERE ${now('p')} AND p.process.executable IS NOT NULL
        AND p.process.start <= $until::TIMESTAMP - INTERVAL 12 HOUR
        AND (regexp_matches(p.process.executable, '^(/tmp/|/var/tmp/|/dev/shm/|/home/|/root/|/run/user/|/memfd:)')
          OR p.process.file_deleted OR p.process.fileless)
        AND NOT EXISTS (SELECT 1 FROM process.end e WHERE ${now('e')} AND e.process.entity_id = p.process.entity_id)
        AND NOT EXISTS (SELECT 1 FROM process.start c WHERE ${now('c')} AND c.process.parent.entity_id = p.process.entity_id)
        AND NOT EXISTS (SELECT 1 FROM network.connection n WHERE ${now('n')} AND n.process.entity_id = p.process.entity_id)
        AND NOT EXISTS (SELECT 1 FROM dns.query d WHERE ${now('d')} AND d.process.entity_id = p.process.entity_id)
      GROUP BY p.host.id, p.process.entity_id`,
    judge: ({ subject, numbers: { ageSeconds = 0 } }) => ({
      severity: 'medium',
      confidence: 0.4,
      description: `${subject[0]} has run for ${span(ageSeconds)} from outside the system's folders without a child or a connection.`,
    }),
  },
  {
    name: 'device-access',
    kind: 'process',
    title: 'Process that uses a sensitive device',
    techniques: ['T1125', 'T1123', 'T1006'],
    fields: ['process.executable', 'device.kind', 'user.name'],
    key: ['process.executable', 'device.kind'],
    figures: ['opened', 'devices'],
    types: ['device.access'],
    recommendations: [
      'Check that the program is meant to use the device; take the right away from its user otherwise.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [coalesce(process.executable, process.name), device.kind, max(user.name)] AS subject,
        [count(*), count(DISTINCT device.name)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, count(*) AS rank
      FROM device.access
      WHERE ${now()} AND event.action = 'opened' AND device.kind IN ('camera', 'sound', 'memory', 'disk', 'input')
        AND NOT coalesce(event.baseline, false)
      GROUP BY host.id, coalesce(process.executable, process.name), device.kind`,
    judge: ({ subject, numbers: { opened = 0, devices = 0 } }) => {
      const isGrave = subject[1] === 'memory' || subject[1] === 'camera';
      return {
        severity: isGrave ? 'medium' : 'low',
        confidence: isGrave ? 0.6 : 0.4,
        description: `${subject[0] ?? 'A process'} opened ${count(devices, `${subject[1]} device`)} ${count(opened, 'time')}.`,
      };
    },
  },
  {
    name: 'unexpected-parent',
    kind: 'process',
    title: 'Service that started a shell',
    techniques: ['T1059.004', 'T1190'],
    fields: ['process.parent.executable', 'process.executable', 'user.name'],
    key: ['process.parent.executable', 'process.executable'],
    figures: ['starts', 'startsByParent'],
    types: ['process.start'],
    recommendations: [
      "Read the command lines: a service that starts a shell it never started before may run somebody else's commands.",
    ],
    sql: ({ now, ids }) => `
      WITH pair AS (
        SELECT host.id AS h, max(host.name) AS n, process.parent.executable AS parent,
          process.executable AS child, max(user.name) AS who, count(*) AS starts,
          min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids
        FROM process.start
        WHERE ${now()} AND process.parent.executable IS NOT NULL AND process.executable IS NOT NULL
          AND NOT coalesce(event.baseline, false)
        GROUP BY host.id, process.parent.executable, process.executable)
      SELECT h AS host_id, n AS host_name, [parent, child, who] AS subject,
        [starts, sum(starts) OVER (PARTITION BY h, parent)] AS numbers, first_at, last_at, event_ids, -starts AS rank
      FROM pair
      QUALIFY regexp_extract(parent, '[^/]*$') IN (${services}) AND regexp_extract(parent, '[^/]*$') NOT IN ('sshd', 'cron', 'node')
        AND regexp_extract(child, '[^/]*$') IN (${shells})`,
    judge: ({ subject, numbers: { starts = 0, startsByParent = 0 } }) => {
      const isRare = starts * 10 <= startsByParent;
      return {
        severity: isRare ? 'high' : 'medium',
        confidence: isRare ? 0.7 : 0.4,
        description: `${subject[0]} started ${subject[1]} ${count(starts, 'time')}, of ${count(startsByParent, 'program')} it started.`,
      };
    },
  },
  {
    name: 'respawning',
    kind: 'process',
    title: 'Program that is started again and again',
    techniques: ['T1543'],
    fields: ['process.executable', 'process.parent.executable'],
    key: ['process.executable'],
    figures: ['starts', 'failed', 'medianLifeMs'],
    types: ['process.start', 'process.end'],
    recommendations: [
      'Look for why it ends: a crash loop hides others, and some malware keeps itself alive so.',
    ],
    sql: ({ now, ids }) => `
      SELECT p.host.id AS host_id, max(p.host.name) AS host_name,
        [p.process.executable, p.process.parent.executable] AS subject,
        [count(*), count(*) FILTER (e.process.exit_code <> 0),
          quantile_disc(epoch_ms(e.time) - epoch_ms(p.time), 0.5)] AS numbers,
        min(p.time) AS first_at, max(p.time) AS last_at, ${ids('p')} AS event_ids, count(*) AS rank
      FROM process.start p JOIN process.end e
        ON e.host.id = p.host.id AND e.process.entity_id = p.process.entity_id AND e.process.exit_code IS NOT NULL
      WHERE ${now('p')} AND ${now('e')} AND p.process.parent.entity_id IS NOT NULL AND p.process.executable IS NOT NULL
      GROUP BY p.host.id, p.process.executable, p.process.parent.executable, p.process.parent.entity_id
      HAVING count(*) >= 20 AND count(*) FILTER (e.process.exit_code <> 0) * 5 >= count(*) * 4
        AND quantile_disc(epoch_ms(e.time) - epoch_ms(p.time), 0.5) <= 10000`,
    judge: ({ subject, numbers: { starts = 0, failed = 0 } }) => ({
      severity: 'low',
      confidence: 0.5,
      description: `${subject[1] ?? 'A process'} started ${subject[0]} ${count(starts, 'time')}, and ${failed} of them failed.`,
    }),
  },
  {
    name: 'log-silence',
    kind: 'process',
    title: 'Logs fell silent while processes went on',
    techniques: ['T1562.001', 'T1070.002'],
    fields: ['host.name'],
    key: [],
    figures: ['silentHours', 'startsMeanwhile', 'usualLinesAnHour'],
    types: ['log.line', 'process.start'],
    recommendations: ['See whether the log service was stopped or its files were cut, and by whom.'],
    sql: ({ now }) => `
      WITH lines AS (
        SELECT host.id AS h, date_trunc('hour', time) AS hour, count(*) AS n FROM log.line WHERE ${now()} GROUP BY ALL),
      usual AS (SELECT h, quantile_disc(n, 0.5) AS n, min(hour) AS since FROM lines GROUP BY h HAVING count(*) >= 3),
      busy AS (
        SELECT host.id AS h, max(host.name) AS name, date_trunc('hour', time) AS hour, count(*) AS n,
          min(time) AS first_at, max(time) AS last_at, min(event.id) AS id
        FROM process.start WHERE ${now()} AND NOT coalesce(event.baseline, false) GROUP BY ALL)
      SELECT busy.h AS host_id, max(name) AS host_name, [max(name)] AS subject,
        [count(*), sum(busy.n), any_value(usual.n)] AS numbers,
        min(first_at) AS first_at, max(last_at) AS last_at, min(id, 5) AS event_ids, count(*) AS rank
      FROM busy JOIN usual ON usual.h = busy.h AND busy.hour > usual.since
      WHERE usual.n >= 10 AND busy.n >= 20
        AND NOT EXISTS (SELECT 1 FROM lines WHERE lines.h = busy.h AND lines.hour = busy.hour)
      GROUP BY busy.h`,
    judge: ({ numbers: { silentHours = 0, startsMeanwhile = 0, usualLinesAnHour = 0 } }) => ({
      severity: 'medium',
      confidence: 0.6,
      description: `In ${count(silentHours, 'hour')} no line was logged while ${count(startsMeanwhile, 'process', 'processes')} started; usual are ${usualLinesAnHour} lines an hour.`,
    }),
  },
  {
    name: 'without-a-file',
    kind: 'process',
    title: 'Process whose program is no file any more',
    techniques: ['T1620', 'T1070.004'],
    fields: ['process.executable', 'user.name'],
    key: ['process.executable'],
    figures: ['starts', 'fromMemory'],
    types: ['process.start'],
    recommendations: [
      'Keep a copy from /proc/PID/exe before the process ends; a program that hides its file seldom means well.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name, [process.executable, max(user.name)] AS subject,
        [count(*), count(*) FILTER (process.fileless)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, count(*) FILTER (process.fileless) AS rank
      FROM process.start
      WHERE ${now()} AND (process.file_deleted OR process.fileless)
      GROUP BY host.id, process.executable`,
    judge: ({ subject, numbers: { starts = 0, fromMemory = 0 } }) => ({
      severity: fromMemory > 0 ? 'high' : 'medium',
      confidence: fromMemory > 0 ? 0.7 : 0.4,
      description:
        fromMemory > 0
          ? `${subject[0] || 'A program'} ran from memory, ${count(fromMemory, 'time')}.`
          : `${subject[0] || 'A program'} ran ${count(starts, 'time')} after its file had been deleted.`,
    }),
  },
];
