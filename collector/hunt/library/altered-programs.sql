-- title: Files that are not as their package says
-- description: Files of packages that were found changed or missing and have not been put right since.
-- tags: attack.persistence, attack.t1554
-- parameter hours int = 168: how far back, in hours
SELECT host.name, file.path, arg_max(event.action, time) AS state, arg_max(package.name, time) AS package,
  arg_max(file.changes, time) AS changes, max(time) AS last_seen
FROM package.file
WHERE time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY host.id, host.name, file.path
HAVING arg_max(event.action, time) <> 'restored'
ORDER BY last_seen DESC
