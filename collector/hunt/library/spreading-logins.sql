-- title: One address that signs in to many hosts
-- description: Sources that signed in to several hosts within the last hours: administration, or somebody moving on
--   from where they came in.
-- tags: attack.lateral-movement, attack.t1021.004
-- parameter hours int = 24: how far back, in hours
-- parameter hosts int = 3: least hosts
SELECT source.ip, count(DISTINCT host.id) AS hosts, list(DISTINCT host.name) AS host_names,
  list(DISTINCT user.name) AS users, min(time) AS first_seen, max(time) AS last_seen
FROM login
WHERE event.action = 'login' AND event.outcome = 'success' AND source.ip IS NOT NULL
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY source.ip
HAVING hosts >= $hosts
ORDER BY hosts DESC
