-- title: Logins at hours nobody works
-- description: Successful logins at night or on a weekend, by UTC. Say with the parameters when your people work.
-- tags: attack.initial-access, attack.t1078
-- parameter hours int = 168: how far back, in hours
-- parameter first int = 6: first hour of the working day, UTC
-- parameter last int = 20: last hour of the working day, UTC
-- parameter weekends bool = true: whether all of a weekend counts as odd
SELECT time, host.name, user.name, source.ip, process.name, authentication.method,
  strftime(time, '%a %H:%M') AS when_utc
FROM login
WHERE event.action = 'login' AND event.outcome = 'success' AND NOT coalesce(event.baseline, false)
  AND time >= now()::TIMESTAMP - to_hours($hours::INT)
  AND (hour(time) < $first OR hour(time) > $last OR ($weekends AND isodow(time) >= 6))
ORDER BY time DESC
