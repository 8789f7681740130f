-- title: Kernel modules a host has not had before
-- description: Modules loaded in the last hours that were never seen on that host, with what they taint the kernel
--   with.
-- tags: attack.persistence, attack.t1547.006
-- parameter hours int = 24: how far back, in hours
SELECT host.name, module.name, min(time) AS first_seen, arg_min(module.taints, time) AS taints,
  arg_min(process.command_line, time) AS loaded_by
FROM module.change
WHERE event.action = 'loaded'
GROUP BY host.id, host.name, module.name
HAVING min(time) >= now()::TIMESTAMP - to_hours($hours::INT) AND NOT coalesce(bool_or(event.baseline), false)
ORDER BY taints IS NULL, first_seen DESC
