-- title: Shells and interpreters that connect to the outside
-- description: Connections to public addresses by programs that run scripts, with how often that script did so.
-- tags: attack.command-and-control, attack.t1059, attack.t1095
-- parameter hours int = 24: how far back, in hours
SELECT host.name, process.executable, process.command_line, destination.ip, destination.port, count(*) AS connections,
  min(time) AS first_seen, max(time) AS last_seen
FROM network.connection
WHERE event.action IN ('connected', 'attempted') AND network.initiated
  AND regexp_matches(process.executable, '/((ba|da|z|k|a)?sh|python[0-9.]*|perl[0-9.]*|ruby[0-9.]*|php[0-9.]*|lua[0-9.]*|socat|nc(\.\w+)?|ncat)$')
  AND NOT regexp_matches(destination.ip, '^(0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|2(2[4-9]|3\d)\.|::1?$|f[cd]|fe[89ab]|ff)')
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY ALL
ORDER BY connections, first_seen DESC
