-- title: Programs begun by a parent that hardly ever begins them
-- description: Pairs of parent and child of the last hours that were seen at most a few times ever, where the child
--   runs often from other parents. A web server that begins a shell shows here, a shell that begins `ls`
--   does not.
-- tags: attack.execution, attack.t1059
-- parameter hours int = 24: how far back, in hours
-- parameter most int = 2: most runs of the pair
-- parameter runs int = 20: least runs of the child from other parents
WITH pairs AS (
  SELECT process.executable AS child, process.parent.executable AS parent, count(*) AS runs, max(time) AS last_seen,
    arg_max(host.name, time) AS host, arg_max(process.command_line, time) AS command_line
  FROM process.start
  WHERE process.executable IS NOT NULL AND process.parent.executable IS NOT NULL
  GROUP BY ALL
)
SELECT *
FROM (SELECT *, sum(runs) OVER (PARTITION BY child) - runs AS runs_from_others FROM pairs)
WHERE runs <= $most AND runs_from_others >= $runs AND last_seen >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY runs, last_seen DESC
