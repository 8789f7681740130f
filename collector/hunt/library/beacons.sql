-- title: Connections that come at regular times
-- description: Programs that connect to one public address again and again with nearly the same pause. The measure
--   is the spread of the pauses over their mean: below a tenth is clockwork.
-- tags: attack.command-and-control, attack.t1071, attack.t1029
-- parameter hours int = 24: how far back, in hours
-- parameter least int = 10: least connections
-- parameter seconds int = 5: least mean pause, in seconds
-- parameter spread float = 0.1: most spread of the pauses over their mean
WITH gaps AS (
  SELECT host.name, process.executable, destination.ip, destination.port, time,
    epoch(time - lag(time) OVER (PARTITION BY host.id, process.executable, destination.ip, destination.port ORDER BY time)) AS gap
  FROM network.connection
  WHERE event.action IN ('connected', 'attempted') AND time >= now()::TIMESTAMP - to_hours($hours::INT)
    AND NOT regexp_matches(destination.ip, '^(0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|2(2[4-9]|3\d)\.|::1?$|f[cd]|fe[89ab]|ff)')
)
SELECT host.name, process.executable, destination.ip, destination.port, count(*) AS connections,
  round(avg(gap), 1) AS mean_pause, round(stddev_samp(gap) / avg(gap), 3) AS spread, min(time) AS first_seen, max(time) AS last_seen
FROM gaps
GROUP BY ALL
HAVING count(*) >= $least AND avg(gap) >= $seconds AND stddev_samp(gap) / avg(gap) <= $spread
ORDER BY spread
