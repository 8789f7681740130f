-- title: Failed logins that ended in a success
-- description: Several failures from one address for one user, and then a success within some minutes of the last
--   of them.
-- tags: attack.credential-access, attack.t1110
-- parameter hours int = 24: how far back, in hours
-- parameter failures int = 5: least failures
-- parameter minutes int = 10: longest time between the first failure and the success
SELECT won.time, won.host.name, won.user.name, won.source.ip, won.authentication.method,
  count(DISTINCT lost.event.id) AS failures, min(lost.time) AS first_failure
FROM login won
JOIN login lost ON lost.host.id = won.host.id AND lost.user.name = won.user.name AND lost.source.ip = won.source.ip
  AND lost.event.outcome = 'failure' AND lost.event.action = 'failed'
  AND lost.time BETWEEN won.time - to_minutes($minutes::INT) AND won.time
WHERE won.event.action = 'login' AND won.event.outcome = 'success'
  AND won.time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY won.event.id, won.time, won.host.name, won.user.name, won.source.ip, won.authentication.method
HAVING failures >= $failures
ORDER BY won.time DESC
