/** What network analysis looks for. */
import { type Check, count, isExternal, mib, span } from '../check.ts';

export const networkChecks: readonly Check[] = [
  {
    name: 'port-scan',
    kind: 'network',
    title: 'Many ports or hosts tried',
    techniques: ['T1046', 'T1018'],
    fields: ['process.executable', 'destination.ip', 'user.name'],
    key: ['process.executable'],
    figures: ['ports', 'hosts', 'unanswered'],
    types: ['network.connection'],
    recommendations: [
      'Ask whoever runs the program whether it is a scan that was agreed on; cut the host off otherwise.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [coalesce(max(process.executable), max(process.name)),
          CASE WHEN count(DISTINCT destination.ip) = 1 THEN max(destination.ip) END, max(user.name)] AS subject,
        [count(DISTINCT destination.port), count(DISTINCT destination.ip),
          count(*) FILTER (event.action IN ('attempted', 'failed'))] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids,
        greatest(count(DISTINCT destination.port), count(DISTINCT destination.ip)) AS rank
      FROM network.connection
      WHERE ${now()} AND network.initiated AND event.action IN ('connected', 'attempted', 'failed')
      GROUP BY host.id, coalesce(process.entity_id, process.name)
      HAVING (count(DISTINCT destination.port) >= 50
          OR (count(DISTINCT destination.ip) >= 50 AND count(DISTINCT destination.port) <= 3))
        AND count(*) FILTER (event.action IN ('attempted', 'failed')) * 2 >= count(*)`,
    judge: ({ subject, numbers: { ports = 0, hosts = 0, unanswered = 0 } }) => ({
      severity: 'high',
      confidence: 0.8,
      description: `${subject[0] || 'A process'} tried ${count(ports, 'port')} of ${subject[1] || count(hosts, 'host')}; ${unanswered} tries were refused or not answered.`,
    }),
  },
  {
    name: 'scanned',
    kind: 'network',
    title: 'Address that scanned this host',
    techniques: ['T1595.001', 'T1046'],
    fields: ['source.ip'],
    key: ['source.ip'],
    figures: ['ports', 'hosts', 'accepted'],
    types: ['network.scan'],
    recommendations: ['Block the address if it is not yours, and look at what it was let in to.'],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name, [source.ip] AS subject,
        [max(network.scan.ports), max(network.scan.hosts), max(network.scan.accepted)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, max(network.scan.targets) AS rank
      FROM network.scan WHERE ${now()} GROUP BY host.id, source.ip`,
    judge: ({ subject, numbers: { ports = 0, hosts = 0, accepted = 0 } }) => ({
      severity: accepted > 0 ? 'medium' : 'low',
      confidence: 0.8,
      description: `${subject[0]} tried ${count(ports, 'port')} of ${count(hosts, 'host')} and was let in at ${accepted}.`,
    }),
  },
  {
    name: 'exfiltration',
    kind: 'network',
    title: 'Much more sent out than received',
    techniques: ['T1048', 'T1041'],
    fields: ['process.executable', 'destination.ip', 'user.name'],
    key: ['process.executable', 'destination.ip'],
    figures: ['sentBytes', 'receivedBytes', 'connections'],
    types: ['network.connection'],
    recommendations: [
      'Find out what was sent and whether the destination is one of yours, a backup for example.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [coalesce(process.executable, process.name), destination.ip, max(user.name)] AS subject,
        [sum(source.bytes), sum(destination.bytes), count(*)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, sum(source.bytes) AS rank
      FROM network.connection
      WHERE ${now()} AND event.action = 'closed' AND network.initiated AND ${isExternal('destination.ip')}
      GROUP BY host.id, coalesce(process.executable, process.name), destination.ip
      HAVING sum(source.bytes) >= 10485760 AND sum(source.bytes) >= 3 * sum(destination.bytes)`,
    judge: ({ subject, numbers: { sentBytes = 0, receivedBytes = 0 } }) => {
      const isHuge = sentBytes >= 1024 ** 3;
      return {
        severity: isHuge ? 'high' : 'medium',
        confidence: sentBytes >= 20 * receivedBytes ? 0.6 : 0.4,
        description: `${subject[0] || 'A process'} sent ${mib(sentBytes)} to ${subject[1]} and received ${mib(receivedBytes)}.`,
      };
    },
  },
  {
    name: 'beaconing',
    kind: 'network',
    title: 'Connections at regular times',
    techniques: ['T1071', 'T1573'],
    fields: ['process.executable', 'destination.ip', 'destination.port'],
    key: ['process.executable', 'destination.ip', 'destination.port'],
    figures: ['connections', 'medianSeconds', 'deviationPercent'],
    types: ['network.connection'],
    recommendations: [
      'See what the program is and who runs the destination; monitoring and updates are regular too.',
    ],
    sql: ({ now }) => `
      WITH gap AS (
        SELECT host.id AS h, host.name AS n, coalesce(process.executable, process.name) AS exe, destination.ip AS ip,
          destination.port AS port, time AS seen_at, event.id AS id,
          epoch_ms(time) - lag(epoch_ms(time)) OVER (
            PARTITION BY host.id, coalesce(process.executable, process.name), destination.ip, destination.port
            ORDER BY time, event.id) AS ms
        FROM network.connection
        WHERE ${now()} AND network.initiated AND event.action IN ('connected', 'attempted', 'failed')
          AND ${isExternal('destination.ip')}),
      middle AS (
        SELECT *, quantile_disc(ms, 0.5) OVER (PARTITION BY h, exe, ip, port) AS mid FROM gap)
      SELECT h AS host_id, max(n) AS host_name, [exe, ip, port::VARCHAR] AS subject,
        [count(*), max(mid) / 1000, round(100 * quantile_disc(abs(ms - mid), 0.5) / max(mid))] AS numbers,
        min(seen_at) AS first_at, max(seen_at) AS last_at, min(id, 5) AS event_ids, count(*) AS rank
      FROM middle GROUP BY h, exe, ip, port
      HAVING count(*) >= 12 AND max(mid) >= 1000 AND quantile_disc(abs(ms - mid), 0.5) * 5 <= max(mid)`,
    judge: ({ subject, numbers: { connections = 0, medianSeconds = 0, deviationPercent = 0 } }) => ({
      severity: 'medium',
      confidence: deviationPercent <= 5 && connections >= 50 ? 0.6 : 0.4,
      description: `${subject[0] || 'A process'} connected to ${subject[1]}:${subject[2]} ${connections} times, every ${span(medianSeconds)} (half of them within ${deviationPercent} %).`,
    }),
  },
  {
    name: 'protocol-and-port',
    kind: 'network',
    title: 'Protocol at an unusual port',
    techniques: ['T1571'],
    fields: ['process.executable', 'destination.ip', 'destination.port', 'network.protocol'],
    key: ['destination.ip', 'destination.port'],
    figures: ['messages'],
    types: ['tls.hello', 'http.request'],
    recommendations: ['Check the destination; protocols are moved to other ports to pass by rules on ports.'],
    sql: ({ now }) => `
      WITH seen AS (
        SELECT host.id AS h, host.name AS n, process.executable AS exe, destination.ip AS ip, destination.port AS port,
          'tls' AS protocol, time AS seen_at, event.id AS id
        FROM tls.hello WHERE ${now()}
          AND destination.port NOT IN (443, 465, 563, 636, 853, 989, 990, 993, 995, 2376, 5061, 5223, 5228, 5671, 6443, 8443, 9443, 8883, 7443, 10250)
        UNION ALL
        SELECT host.id, host.name, process.executable, destination.ip, destination.port, 'http', time, event.id
        FROM http.request WHERE ${now()}
          AND destination.port NOT IN (80, 81, 591, 3000, 3128, 5000, 8000, 8008, 8080, 8081, 8088, 8888, 9000, 9090, 9100, 9200, 2375, 5601))
      SELECT h AS host_id, max(n) AS host_name, [exe, ip, port::VARCHAR, protocol] AS subject, [count(*)] AS numbers,
        min(seen_at) AS first_at, max(seen_at) AS last_at, min(id, 5) AS event_ids, count(*) AS rank
      FROM seen WHERE ${isExternal('ip')} GROUP BY h, exe, ip, port, protocol`,
    judge: ({ subject, numbers: { messages = 0 } }) => ({
      severity: 'low',
      confidence: 0.4,
      description: `${subject[0] || 'A process'} spoke ${subject[3]} to ${subject[1]} at port ${subject[2]}, ${count(messages, 'time')}.`,
    }),
  },
  {
    name: 'dns-tunnel',
    kind: 'network',
    title: 'Names that carry data',
    techniques: ['T1071.004', 'T1048.003'],
    fields: ['dns.question.name', 'process.executable'],
    key: ['dns.question.name'],
    figures: ['names', 'queries', 'medianLength'],
    types: ['dns.query'],
    recommendations: [
      'Look at the names; long ones that never come again carry data out. Block the domain at the resolver.',
    ],
    sql: ({ now, ids }) => `
      WITH asked AS (
        SELECT *, regexp_extract(lower(dns.question.name), '[^.]+\\.[^.]+\\.?$') AS domain FROM dns.query WHERE ${now()})
      SELECT asked.host.id AS host_id, max(asked.host.name) AS host_name,
        [domain, max(asked.process.executable)] AS subject,
        [count(DISTINCT asked.dns.question.name), count(*), quantile_disc(length(asked.dns.question.name), 0.5)] AS numbers,
        min(asked.time) AS first_at, max(asked.time) AS last_at, ${ids('asked')} AS event_ids,
        count(DISTINCT asked.dns.question.name) AS rank
      FROM asked GROUP BY asked.host.id, domain
      HAVING count(DISTINCT asked.dns.question.name) >= 100
        AND quantile_disc(length(asked.dns.question.name), 0.5) - length(domain) >= 20`,
    judge: ({ subject, numbers: { names = 0, medianLength = 0 } }) => ({
      severity: 'high',
      confidence: medianLength >= 60 ? 0.8 : 0.6,
      description: `${count(names, 'different name')} below ${subject[0]} were asked for, half of them of ${medianLength} letters and more.`,
    }),
  },
  {
    name: 'unknown-names',
    kind: 'network',
    title: 'Many names that do not exist',
    techniques: ['T1568.002'],
    fields: ['process.executable'],
    key: ['process.executable'],
    figures: ['names', 'failed', 'queries'],
    types: ['dns.query'],
    recommendations: [
      'Look at the names: letters without sense are made by a program that looks for its master.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name, [coalesce(process.executable, process.name)] AS subject,
        [count(DISTINCT dns.question.name) FILTER (dns.response_code = 'NXDOMAIN'),
          count(*) FILTER (dns.response_code = 'NXDOMAIN'), count(*)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids,
        count(DISTINCT dns.question.name) FILTER (dns.response_code = 'NXDOMAIN') AS rank
      FROM dns.query
      WHERE ${now()} AND NOT regexp_matches(lower(dns.question.name), '\\.(arpa|local|lan|internal|home)\\.?$')
        AND contains(rtrim(dns.question.name, '.'), '.')
      GROUP BY host.id, coalesce(process.executable, process.name)
      HAVING count(DISTINCT dns.question.name) FILTER (dns.response_code = 'NXDOMAIN') >= 30
        AND count(*) FILTER (dns.response_code = 'NXDOMAIN') * 2 >= count(*)`,
    judge: ({ subject, numbers: { names = 0, failed = 0, queries = 0 } }) => ({
      severity: 'medium',
      confidence: names >= 100 ? 0.7 : 0.5,
      description: `${subject[0] || 'The host'} asked for ${count(names, 'name')} that do not exist; ${failed} of ${queries} questions failed.`,
    }),
  },
  {
    name: 'new-listener',
    kind: 'network',
    title: 'Port that was not open before',
    techniques: ['T1571', 'T1205'],
    fields: ['process.executable', 'source.port', 'network.transport'],
    key: ['source.port'],
    figures: ['times'],
    types: ['network.connection'],
    recommendations: [
      'Find out which service it is; close the port, or let nobody but who needs it reach it.',
    ],
    sql: ({ now, before, ids }) => `
      WITH known AS (
        SELECT DISTINCT host.id AS h, source.port AS port, network.transport AS transport
        FROM network.connection WHERE ${before()} AND event.action = 'listening'),
      watched AS (SELECT DISTINCT h FROM known)
      SELECT c.host.id AS host_id, max(c.host.name) AS host_name,
        [max(c.process.executable), c.source.port::VARCHAR, c.network.transport] AS subject, [count(*)] AS numbers,
        min(c.time) AS first_at, max(c.time) AS last_at, ${ids('c')} AS event_ids, -c.source.port AS rank
      FROM network.connection c JOIN watched ON watched.h = c.host.id
      WHERE ${now('c')} AND c.event.action = 'listening' AND c.source.port < 32768
        AND NOT regexp_matches(c.source.ip, '^(127\\.|::1$)')
        AND NOT EXISTS (SELECT 1 FROM known WHERE known.h = c.host.id AND known.port = c.source.port
          AND known.transport = c.network.transport)
      GROUP BY c.host.id, c.source.port, c.network.transport`,
    judge: ({ subject }) => ({
      severity: 'low',
      confidence: 0.5,
      description: `${subject[0] || 'A process'} listens at ${subject[2]} port ${subject[1]}, where nothing listened before.`,
    }),
  },
  {
    name: 'connection-frequency',
    kind: 'network',
    title: 'Far more connections than usual',
    techniques: ['T1498', 'T1110'],
    fields: ['process.executable'],
    key: ['process.executable'],
    figures: ['mostInAnHour', 'usualInAnHour', 'hours'],
    types: ['network.connection'],
    recommendations: [
      'Compare with what the program did in that hour: a job, a fault that repeats, or an attack.',
    ],
    sql: ({ now }) => `
      WITH hourly AS (
        SELECT host.id AS h, max(host.name) AS n, coalesce(process.executable, process.name) AS exe,
          date_trunc('hour', time) AS hour, count(*) AS c, min(time) AS first_at, max(time) AS last_at,
          min(event.id, 5) AS ids
        FROM network.connection
        WHERE ${now()} AND event.action IN ('connected', 'attempted', 'failed') AND network.initiated GROUP BY ALL)
      SELECT h AS host_id, max(n) AS host_name, [exe] AS subject,
        [max(c), quantile_disc(c, 0.5), count(*)] AS numbers,
        max_by(first_at, (c, first_at)) AS first_at, max_by(last_at, (c, first_at)) AS last_at,
        max_by(ids, (c, first_at)) AS event_ids, max(c) AS rank
      FROM hourly GROUP BY h, exe
      HAVING count(*) >= 6 AND max(c) >= 200 AND max(c) >= 10 * quantile_disc(c, 0.5)`,
    judge: ({ subject, numbers: { mostInAnHour = 0, usualInAnHour = 0 } }) => ({
      severity: 'low',
      confidence: 0.5,
      description: `${subject[0] || 'A process'} opened ${mostInAnHour} connections in one hour; usual are ${usualInAnHour}.`,
    }),
  },
];
