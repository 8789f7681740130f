-- title: Programs that run without a file
-- description: Processes whose program was removed from the disk, or never was on it. Upgrades leave some behind
--   for a while; who hides does so on purpose.
-- tags: attack.defense-evasion, attack.t1070.004, attack.t1620
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, user.name, process.name, process.pid, process.executable, process.command_line,
  process.parent.executable, coalesce(process.fileless, false) AS from_memory
FROM process.start
WHERE (process.file_deleted OR process.fileless) AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY time DESC
