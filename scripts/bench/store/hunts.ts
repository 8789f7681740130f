/** Ten fixed questions: as SQL over the store's views, and over a table of rows in SQLite. */

/** Values that are in one event each, or two. */
export const planted = {
  entity: 'feedfacecafe',
  address: '203.0.113.77',
  word: 'beacon-payload',
} as const;

export interface Question {
  readonly name: string;
  readonly sql: string;
  readonly rowSql: string;
  /** In seconds, at ten million events. */
  readonly goalS?: number;
}

/** `lastHour` is when the last hour begins, microseconds since the epoch. */
export function questions(host: string, lastHour: number): readonly Question[] {
  const lastHourText = new Date(lastHour / 1000).toISOString().replace('T', ' ').slice(0, 19);
  return [
    {
      name: 'exact rare value',
      sql: `SELECT time, host.id, process.command_line FROM process.start WHERE process.entity_id = '${planted.entity}'`,
      rowSql: `SELECT time, host, command_line FROM row WHERE entity = '${planted.entity}'`,
      goalS: 0.1,
    },
    {
      name: 'exact rare address, all columns',
      sql: `SELECT * FROM network.connection WHERE destination.ip = '${planted.address}'`,
      rowSql: `SELECT * FROM row WHERE destination_ip = '${planted.address}'`,
      goalS: 0.1,
    },
    {
      name: 'substring, counted',
      sql: "SELECT count(*) FROM process.start WHERE process.command_line LIKE '%curl%'",
      rowSql: "SELECT count(*) FROM row WHERE type = 'process.start' AND command_line LIKE '%curl%'",
      goalS: 1.5,
    },
    {
      name: 'rare substring',
      sql: `SELECT time, process.command_line FROM process.start WHERE process.command_line LIKE '%${planted.word}%'`,
      rowSql: `SELECT time, command_line FROM row WHERE command_line LIKE '%${planted.word}%'`,
      goalS: 1.5,
    },
    {
      name: 'hourly counts by type',
      sql: "SELECT date_trunc('hour', time) AS hour, type, count(*) FROM events GROUP BY ALL ORDER BY ALL",
      rowSql: 'SELECT time / 3600000000 AS hour, type, count(*) FROM row GROUP BY 1, 2 ORDER BY 1, 2',
      goalS: 0.4,
    },
    {
      name: 'top talkers',
      sql: 'SELECT destination.ip, count(*) AS n FROM network.connection GROUP BY ALL ORDER BY n DESC LIMIT 20',
      rowSql:
        "SELECT destination_ip, count(*) AS n FROM row WHERE type = 'network.connection' GROUP BY 1 ORDER BY n DESC LIMIT 20",
    },
    {
      name: "a host's last hour",
      sql: `SELECT time, process.name, process.command_line FROM process.start
        WHERE host.id = '${host}' AND time >= TIMESTAMP '${lastHourText}' ORDER BY time DESC LIMIT 1000`,
      rowSql: `SELECT time, name, command_line FROM row WHERE host = '${host}' AND time >= ${lastHour}
        AND type = 'process.start' ORDER BY time DESC LIMIT 1000`,
      goalS: 0.2,
    },
    {
      name: 'rare parents',
      sql: `SELECT process.parent.executable, process.executable, count(*) AS n FROM process.start
        GROUP BY ALL ORDER BY n LIMIT 20`,
      rowSql: `SELECT parent, executable, count(*) AS n FROM row WHERE type = 'process.start'
        GROUP BY 1, 2 ORDER BY n LIMIT 20`,
    },
    {
      name: 'first seen binaries',
      sql: 'SELECT process.executable, min(time) AS first FROM process.start GROUP BY ALL ORDER BY first DESC LIMIT 20',
      rowSql:
        "SELECT executable, min(time) AS first FROM row WHERE type = 'process.start' GROUP BY 1 ORDER BY first DESC LIMIT 20",
    },
    {
      name: 'hosts by user',
      sql: 'SELECT user.name, count(DISTINCT host.id), count(*) FROM process.start GROUP BY ALL ORDER BY ALL',
      rowSql:
        "SELECT user, count(DISTINCT host), count(*) FROM row WHERE type = 'process.start' GROUP BY 1 ORDER BY 1",
    },
  ];
}
