-- title: Packages that were installed or changed
-- description: What was installed, upgraded, downgraded or removed, with where it came from. A downgrade brings old
--   holes back.
-- tags: attack.execution, attack.t1195.002
-- parameter hours int = 24: how far back, in hours
SELECT time, host.name, event.action, package.name, package.previous_version, package.version, package.type,
  package.origin, package.signature
FROM package.change
WHERE time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY time DESC
