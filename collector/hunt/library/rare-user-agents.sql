-- title: User agents that hardly anybody has
-- description: User-Agent headers of plain HTTP seen on few hosts and in few requests. Tools and implants often
--   bring one of their own.
-- tags: attack.command-and-control, attack.t1071.001
-- parameter hours int = 168: how far back, in hours
-- parameter hosts int = 1: most hosts
-- parameter requests int = 10: most requests
SELECT user_agent.original, count(*) AS requests, count(DISTINCT host.id) AS hosts, arg_max(host.name, time) AS last_host,
  arg_max(process.executable, time) AS program, arg_max(url.full, time) AS last_url, max(time) AS last_seen
FROM http.request
WHERE user_agent.original IS NOT NULL AND time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY user_agent.original
HAVING count(DISTINCT host.id) <= $hosts AND count(*) <= $requests
ORDER BY requests, last_seen DESC
