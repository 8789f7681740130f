-- title: Programs run from folders anybody may write
-- description: Programs started from /tmp, /var/tmp, /dev/shm or the folder of a session. Installers and builds do
--   it; droppers nearly always.
-- tags: attack.execution, attack.t1059, attack.t1036.005
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, user.name, process.executable, process.command_line, process.parent.executable,
  process.hash.sha256
FROM process.start
WHERE regexp_matches(process.executable, '^/(tmp|var/tmp|dev/shm|run/user/\d+|run/shm)/')
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY time DESC
