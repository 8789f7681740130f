-- title: Set-uid files and capabilities that came or changed
-- description: Programs that give rights to whoever runs them and were not there, or not so, at the first look.
--   Those of no package come first.
-- tags: attack.privilege-escalation, attack.t1548.001
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, event.action, file.path, file.mode, file.owner, file.capabilities, file.packaged, package.name,
  file.hash.sha256
FROM file.privilege
WHERE event.action IN ('found', 'changed') AND NOT coalesce(event.baseline, false) AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY coalesce(file.packaged, false), time DESC
