-- title: Downloads that go straight into an interpreter
-- description: Command lines that fetch something and run it in the same breath.
-- tags: attack.execution, attack.t1059.004, attack.t1105
-- parameter hours int = 168: how far back, in hours
SELECT time, host.name, user.name, process.command_line, process.parent.command_line
FROM process.start
WHERE regexp_matches(process.command_line,
    '(curl|wget|fetch)\s[^|;]*(\|\s*(sudo\s+(-\S+\s+)*)?|-O\s*-\s*\|\s*)(/\S*/)?(ba|da|z|k|a)?(sh|python[0-9.]*|perl|ruby|node|php)\b')
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
ORDER BY time DESC
