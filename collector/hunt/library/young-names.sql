-- title: Names asked for first in the last hours, by few hosts
-- description: Domains (the last two labels of the name) that no host asked for before the last hours and that only
--   a few ask for now. Names made for one campaign are young and rare; the list holds new habits of
--   people too.
-- tags: attack.command-and-control, attack.t1568, attack.t1583.001
-- parameter hours int = 24: how far back, in hours
-- parameter hosts int = 2: most hosts that ask for it
SELECT array_to_string(string_split(dns.question.name, '.')[-2:], '.') AS domain, min(time) AS first_seen,
  count(*) AS questions, count(DISTINCT host.id) AS hosts, arg_min(host.name, time) AS first_host,
  arg_min(process.executable, time) AS first_program, arg_min(dns.question.name, time) AS first_name
FROM dns.query
WHERE network.protocol = 'dns' AND contains(dns.question.name, '.') AND NOT ends_with(dns.question.name, '.arpa')
GROUP BY domain
HAVING min(time) >= now()::TIMESTAMP - to_hours($hours::INT) AND count(DISTINCT host.id) <= $hosts
ORDER BY first_seen DESC
