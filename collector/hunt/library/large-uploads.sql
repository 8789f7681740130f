-- title: Much data sent to the outside
-- description: Bytes that a host sent to one public address, by the flows that ended. Backups and video calls are
--   among them.
-- tags: attack.exfiltration, attack.t1048, attack.t1567
-- parameter hours int = 24: how far back, in hours
-- parameter mebibytes int = 100: least sum, in MiB
SELECT host.name, destination.ip, sum(source.bytes) // 1048576 AS mebibytes, count(*) AS flows,
  list(DISTINCT process.executable) AS programs, list(DISTINCT destination.port) AS ports,
  min(event.start) AS first_seen, max(event.end) AS last_seen
FROM network.flow
WHERE event.action = 'ended' AND time >= now()::TIMESTAMP - to_hours($hours::INT)
  AND NOT regexp_matches(destination.ip, '^(0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|2(2[4-9]|3\d)\.|::1?$|f[cd]|fe[89ab]|ff)')
GROUP BY host.id, host.name, destination.ip
HAVING sum(source.bytes) >= $mebibytes * 1048576
ORDER BY mebibytes DESC
