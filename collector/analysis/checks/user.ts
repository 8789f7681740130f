/** What user analysis looks for. */
import { type Check, count } from '../check.ts';

const signIn = "event.action IN ('login', 'failed')";

export const userChecks: readonly Check[] = [
  {
    name: 'failed-logins',
    kind: 'user',
    title: 'Repeated failures to sign in',
    techniques: ['T1110.001'],
    fields: ['source.ip', 'user.name'],
    key: ['user.name', 'source.ip'],
    figures: ['failures', 'successes', 'successAfterFailures'],
    types: ['login'],
    recommendations: [
      'Where a success follows, end the sessions and change the password; block the address otherwise.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name, [coalesce(source.ip, source.domain), user.name] AS subject,
        [count(*) FILTER (event.outcome = 'failure'), count(*) FILTER (event.outcome = 'success'),
          (coalesce(max(time) FILTER (event.outcome = 'success'), '1970-01-01'::TIMESTAMP)
            > quantile_disc(time, 0.5) FILTER (event.outcome = 'failure'))::INT] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids,
        count(*) FILTER (event.outcome = 'failure') AS rank
      FROM login WHERE ${now()} AND ${signIn} AND user.name IS NOT NULL
      GROUP BY host.id, coalesce(source.ip, source.domain), user.name
      HAVING count(*) FILTER (event.outcome = 'failure') >= 5`,
    judge: ({ subject, numbers: { failures = 0, successAfterFailures = 0 } }) => ({
      severity: successAfterFailures === 1 ? 'high' : failures >= 50 ? 'medium' : 'low',
      confidence: successAfterFailures === 1 ? 0.7 : 0.6,
      description: `${count(failures, 'failure')} to sign in as ${subject[1]}${subject[0] ? ` from ${subject[0]}` : ''}${successAfterFailures === 1 ? ', and then a success' : ''}.`,
    }),
  },
  {
    name: 'password-spraying',
    kind: 'user',
    title: 'One address that tries many accounts',
    techniques: ['T1110.003'],
    fields: ['source.ip'],
    key: ['source.ip'],
    figures: ['accounts', 'failures', 'successes', 'hosts'],
    types: ['login'],
    recommendations: ['Block the address; look at every account it got into.'],
    sql: ({ now, ids }) => `
      SELECT NULL AS host_id, NULL AS host_name, [source.ip] AS subject,
        [count(DISTINCT user.name), count(*) FILTER (event.outcome = 'failure'),
          count(*) FILTER (event.outcome = 'success'), count(DISTINCT host.id)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, count(DISTINCT user.name) AS rank
      FROM login WHERE ${now()} AND ${signIn} AND source.ip IS NOT NULL
      GROUP BY source.ip
      HAVING count(DISTINCT user.name) FILTER (event.outcome = 'failure') >= 5`,
    judge: ({ subject, numbers: { accounts = 0, successes = 0, hosts = 0 } }) => ({
      severity: successes > 0 ? 'critical' : 'high',
      confidence: 0.8,
      description: `${subject[0]} tried ${count(accounts, 'account')} on ${count(hosts, 'host')}${successes > 0 ? ` and got in ${count(successes, 'time')}` : ''}.`,
    }),
  },
  {
    name: 'unusual-hour',
    kind: 'user',
    title: 'Sign-in at an hour the user never signs in',
    techniques: ['T1078'],
    fields: ['user.name'],
    key: ['user.name'],
    figures: ['logins', 'loginsBefore', 'hourUtc'],
    types: ['login'],
    recommendations: ['Ask the user; a password that somebody else uses shows in the hours first.'],
    sql: ({ now, before, ids }) => `
      WITH past AS (
        SELECT user.name AS who, count(*) AS logins, list(DISTINCT hour(time)) AS hours FROM login
        WHERE ${before()} AND event.action = 'login' AND event.outcome = 'success' GROUP BY ALL HAVING count(*) >= 20)
      SELECT l.host.id AS host_id, max(l.host.name) AS host_name, [l.user.name] AS subject,
        [count(*), any_value(past.logins), hour(l.time)] AS numbers,
        min(l.time) AS first_at, max(l.time) AS last_at, ${ids('l')} AS event_ids, any_value(past.logins) AS rank
      FROM login l JOIN past ON past.who = l.user.name
      WHERE ${now('l')} AND l.event.action = 'login' AND l.event.outcome = 'success'
        AND NOT list_has_any(past.hours, [hour(l.time), (hour(l.time) + 1) % 24, (hour(l.time) + 23) % 24])
      GROUP BY l.host.id, l.user.name, hour(l.time)`,
    judge: ({ subject, numbers: { hourUtc = 0, loginsBefore = 0 } }) => ({
      severity: 'medium',
      confidence: loginsBefore >= 100 ? 0.6 : 0.4,
      description: `${subject[0]} signed in at ${hourUtc}:00 UTC; of ${loginsBefore} times before none was within an hour of that.`,
    }),
  },
  {
    name: 'new-source',
    kind: 'user',
    title: 'Sign-in from an address the user never came from',
    techniques: ['T1078', 'T1021.004'],
    fields: ['user.name', 'source.ip', 'authentication.method'],
    key: ['user.name', 'source.ip'],
    figures: ['logins', 'sourcesBefore'],
    types: ['login'],
    recommendations: ['Ask the user whether it was them; change the password or the key otherwise.'],
    sql: ({ now, before, ids }) => `
      WITH past AS (
        SELECT user.name AS who, list(DISTINCT source.ip) AS sources, count(*) AS logins FROM login
        WHERE ${before()} AND event.action = 'login' AND event.outcome = 'success' AND source.ip IS NOT NULL
        GROUP BY ALL HAVING count(*) >= 5)
      SELECT l.host.id AS host_id, max(l.host.name) AS host_name,
        [l.user.name, l.source.ip, max(l.authentication.method)] AS subject,
        [count(*), any_value(len(past.sources))] AS numbers,
        min(l.time) AS first_at, max(l.time) AS last_at, ${ids('l')} AS event_ids, -any_value(len(past.sources)) AS rank
      FROM login l JOIN past ON past.who = l.user.name
      WHERE ${now('l')} AND l.event.action = 'login' AND l.event.outcome = 'success' AND l.source.ip IS NOT NULL
        AND NOT list_contains(past.sources, l.source.ip)
      GROUP BY l.host.id, l.user.name, l.source.ip`,
    judge: ({ subject, numbers: { sourcesBefore = 0 } }) => ({
      severity: sourcesBefore <= 3 ? 'medium' : 'low',
      confidence: sourcesBefore <= 3 ? 0.5 : 0.3,
      description: `${subject[0]} signed in from ${subject[1]}${subject[2] ? ` by ${subject[2]}` : ''}; before it was from ${count(sourcesBefore, 'other address', 'other addresses')}.`,
    }),
  },
  {
    name: 'privilege-escalation',
    kind: 'user',
    title: 'Attempts to become another user',
    techniques: ['T1548.003', 'T1068'],
    fields: ['user.name', 'user.effective.name', 'event.action'],
    key: ['user.name', 'event.action'],
    figures: ['granted', 'refused', 'grantedBefore'],
    types: ['login'],
    recommendations: [
      'A refusal in sudo or su wants an answer from the user; a first success wants a look at the command.',
    ],
    sql: ({ now, before, ids }) => `
      WITH past AS (
        SELECT host.id AS h, user.name AS who, count(*) AS granted FROM login
        WHERE ${before()} AND event.action IN ('sudo', 'su', 'privileged') AND event.outcome = 'success' GROUP BY ALL)
      SELECT l.host.id AS host_id, max(l.host.name) AS host_name,
        [l.user.name, max(l.user.effective.name), l.event.action] AS subject,
        [count(*) FILTER (l.event.outcome = 'success'), count(*) FILTER (l.event.outcome = 'failure'),
          coalesce(any_value(past.granted), 0)] AS numbers,
        min(l.time) AS first_at, max(l.time) AS last_at, ${ids('l')} AS event_ids,
        count(*) FILTER (l.event.outcome = 'failure') AS rank
      FROM login l LEFT JOIN past ON past.h = l.host.id AND past.who = l.user.name
      WHERE ${now('l')} AND l.event.action IN ('sudo', 'su', 'privileged') AND l.user.name IS NOT NULL AND l.user.name <> 'root'
      GROUP BY l.host.id, l.user.name, l.event.action
      HAVING count(*) FILTER (l.event.outcome = 'failure') > 0 OR coalesce(any_value(past.granted), 0) = 0`,
    judge: ({ subject, numbers: { granted = 0, refused = 0, grantedBefore = 0 } }) => {
      const times = refused > 0 ? `${count(refused, 'time')} refused` : 'for the first time';
      return {
        severity: refused >= 3 ? 'high' : refused > 0 ? 'medium' : 'low',
        confidence: refused >= 3 ? 0.7 : grantedBefore > 0 ? 0.4 : 0.5,
        description: `${subject[0]} used ${subject[2]} to become ${subject[1] || 'another user'}, ${times}${granted > 0 && refused > 0 ? ` and ${count(granted, 'time')} granted` : ''}.`,
      };
    },
  },
  {
    name: 'many-hosts',
    kind: 'user',
    title: 'One user on many hosts, or in two places at once',
    techniques: ['T1021', 'T1078'],
    fields: ['user.name'],
    key: ['user.name'],
    figures: ['hosts', 'sources', 'mostSourcesAnHour'],
    types: ['login'],
    recommendations: ['Compare with what the user does; a stolen key goes from host to host.'],
    sql: ({ now }) => `
      WITH hourly AS (
        SELECT user.name AS who, date_trunc('hour', time) AS hour, count(DISTINCT source.ip) AS sources FROM login
        WHERE ${now()} AND event.action = 'login' AND event.outcome = 'success' AND source.ip IS NOT NULL GROUP BY ALL),
      most AS (SELECT who, max(sources) AS sources FROM hourly GROUP BY ALL)
      SELECT NULL AS host_id, NULL AS host_name, [l.user.name] AS subject,
        [count(DISTINCT l.host.id), count(DISTINCT l.source.ip), coalesce(any_value(most.sources), 0)] AS numbers,
        min(l.time) AS first_at, max(l.time) AS last_at, min(l.event.id, 5) AS event_ids, count(DISTINCT l.host.id) AS rank
      FROM login l LEFT JOIN most ON most.who = l.user.name
      WHERE ${now('l')} AND l.event.action = 'login' AND l.event.outcome = 'success' AND l.user.name IS NOT NULL
      GROUP BY l.user.name
      HAVING count(DISTINCT l.host.id) >= 5 OR coalesce(any_value(most.sources), 0) >= 2`,
    judge: ({ subject, numbers: { hosts = 0, mostSourcesAnHour = 0 } }) => ({
      severity: mostSourcesAnHour >= 2 ? 'medium' : 'low',
      confidence: mostSourcesAnHour >= 3 ? 0.6 : 0.4,
      description: `${subject[0]} signed in on ${count(hosts, 'host')}${mostSourcesAnHour >= 2 ? `, from ${mostSourcesAnHour} addresses within one hour` : ''}.`,
    }),
  },
  {
    name: 'account-changes',
    kind: 'user',
    title: 'Account or right that was given',
    techniques: ['T1136.001', 'T1098'],
    fields: ['user.name', 'event.action', 'group.name'],
    key: ['user.name'],
    figures: ['changes', 'privileged'],
    types: ['account.change'],
    recommendations: ['Compare with what was asked for; take back what nobody asked for.'],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name,
        [coalesce(user.name, group.name), event.action, max(group.name)] AS subject,
        [count(*), max(coalesce(user.privileged, false)::INT)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, max(coalesce(user.privileged, false)::INT) AS rank
      FROM account.change
      WHERE ${now()} AND NOT coalesce(event.baseline, false)
        AND event.action IN ('user-added', 'user-changed', 'group-member-added', 'sudo-rule-added', 'sudo-rule-changed', 'key-added')
      GROUP BY host.id, coalesce(user.name, group.name), event.action`,
    judge: ({ subject, numbers: { privileged = 0 } }) => ({
      severity: privileged === 1 || subject[1]?.startsWith('sudo') ? 'medium' : 'low',
      confidence: 0.5,
      description: `${subject[0]}: ${(subject[1] ?? '').replaceAll('-', ' ')}${subject[2] ? ` (${subject[2]})` : ''}${privileged === 1 ? ', an account that may become root' : ''}.`,
    }),
  },
  {
    name: 'service-account',
    kind: 'user',
    title: 'Service account that signed in',
    techniques: ['T1078.003'],
    fields: ['user.name', 'source.ip'],
    key: ['user.name'],
    figures: ['logins'],
    types: ['login'],
    recommendations: [
      'No person signs in as a service: look at what ran in the session, and take its shell away.',
    ],
    sql: ({ now, ids }) => `
      SELECT host.id AS host_id, max(host.name) AS host_name, [user.name, max(source.ip)] AS subject, [count(*)] AS numbers,
        min(time) AS first_at, max(time) AS last_at, ${ids()} AS event_ids, count(*) AS rank
      FROM login
      WHERE ${now()} AND event.action = 'login' AND event.outcome = 'success'
        AND user.name IN ('daemon', 'bin', 'sys', 'sync', 'games', 'man', 'lp', 'mail', 'news', 'uucp', 'proxy', 'www-data', 'backup',
          'list', 'irc', 'nobody', 'messagebus', 'sshd', 'mysql', 'postgres', 'redis', 'nginx', 'apache', 'named', 'tomcat', 'ftp', 'systemd-network')
      GROUP BY host.id, user.name`,
    judge: ({ subject, numbers: { logins = 0 } }) => ({
      severity: 'high',
      confidence: 0.6,
      description: `${subject[0]} signed in ${count(logins, 'time')}${subject[1] ? `, from ${subject[1]}` : ''}.`,
    }),
  },
];
