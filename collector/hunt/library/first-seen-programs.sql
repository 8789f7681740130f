-- title: Programs run for the first time
-- description: Programs that ran in the last hours and never before on any host, and that were not running when an
--   agent first looked. What an intruder brings along is among them; so is what was installed today.
-- tags: attack.execution, attack.t1204.002
-- parameter hours int = 24: how far back, in hours
SELECT process.executable, min(time) AS first_seen, count(*) AS runs, count(DISTINCT host.id) AS hosts,
  arg_min(host.name, time) AS first_host, arg_min(user.name, time) AS first_user,
  arg_min(process.command_line, time) AS first_command_line
FROM process.start
WHERE process.executable IS NOT NULL
GROUP BY process.executable
HAVING min(time) >= now()::TIMESTAMP - to_hours($hours::INT) AND NOT coalesce(bool_or(event.baseline), false)
ORDER BY first_seen DESC
