-- title: Connections to the outside that stayed open for long
-- description: Connections to public addresses that closed after at least so many minutes. Remote control, tunnels
--   and shells stay open where ordinary programs ask and go.
-- tags: attack.command-and-control, attack.t1071
-- parameter hours int = 24: how far back, in hours
-- parameter minutes int = 60: least length, in minutes
SELECT time AS closed_at, host.name, process.executable, user.name, destination.ip, destination.port,
  event.duration // 60000000000 AS minutes, source.bytes, destination.bytes
FROM network.connection
WHERE event.action = 'closed' AND network.initiated AND event.duration >= $minutes * 60000000000
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
  AND NOT regexp_matches(destination.ip, '^(0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|2(2[4-9]|3\d)\.|::1?$|f[cd]|fe[89ab]|ff)')
ORDER BY event.duration DESC
