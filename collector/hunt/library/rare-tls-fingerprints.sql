-- title: TLS clients that hardly anybody runs
-- description: JA4 fingerprints of TLS hellos seen on few hosts and seldom. A client that is built unlike all
--   others here is worth a look at its program.
-- tags: attack.command-and-control, attack.t1573.002
-- parameter hours int = 168: how far back, in hours
-- parameter hosts int = 1: most hosts
-- parameter hellos int = 10: most hellos
SELECT tls.client.ja4, count(*) AS hellos, count(DISTINCT host.id) AS hosts, arg_max(host.name, time) AS last_host,
  arg_max(process.executable, time) AS program, arg_max(tls.client.server_name, time) AS last_name,
  arg_max(destination.ip, time) AS last_address, max(time) AS last_seen
FROM tls.hello
WHERE time >= now()::TIMESTAMP - to_hours($hours::INT)
GROUP BY tls.client.ja4
HAVING count(DISTINCT host.id) <= $hosts AND count(*) <= $hellos
ORDER BY hellos, last_seen DESC
