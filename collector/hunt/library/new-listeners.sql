-- title: Ports that a program listens on for the first time
-- description: Programs that began to listen on a port of a host in the last hours and had not done so there
--   before. Loopback is left out, and so is what was there when the agent first looked.
-- tags: attack.persistence, attack.command-and-control, attack.t1571
-- parameter hours int = 24: how far back, in hours
SELECT host.name, process.executable, network.transport, source.port, min(time) AS first_seen,
  arg_min(source.ip, time) AS address, arg_min(user.name, time) AS user, arg_min(process.command_line, time) AS command_line
FROM network.connection
WHERE event.action = 'listening' AND NOT regexp_matches(source.ip, '^(127\.|::1$)')
GROUP BY host.id, host.name, process.executable, network.transport, source.port
HAVING min(time) >= now()::TIMESTAMP - to_hours($hours::INT) AND NOT coalesce(bool_or(event.baseline), false)
ORDER BY first_seen DESC
