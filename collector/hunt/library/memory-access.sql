-- title: Processes that took hold of others
-- description: Debuggers and whatever reads or writes the memory of another process, where the two have not the
--   same program.
-- tags: attack.credential-access, attack.t1055.008, attack.t1003.007
-- parameter hours int = 168: how far back, in hours
SELECT time, host.name, user.name, event.action, process.executable, process.command_line,
  process.target.executable, process.target.name, process.target.user.name
FROM process.access
WHERE coalesce(event.outcome, 'success') = 'success' AND time >= now()::TIMESTAMP - to_hours($hours::INT)
  AND process.executable IS DISTINCT FROM process.target.executable
ORDER BY time DESC
