-- title: Domains with very many long names under them
-- description: Data carried in names makes many names under one domain, most of them long and asked for
--   once.
-- tags: attack.exfiltration, attack.t1048, attack.t1071.004
-- parameter hours int = 24: how far back, in hours
-- parameter names int = 50: least distinct names
-- parameter length int = 30: least mean length of the part before the domain
WITH questions AS (
  SELECT *, array_to_string(string_split(dns.question.name, '.')[-2:], '.') AS domain
  FROM dns.query
  WHERE network.protocol = 'dns' AND time >= now()::TIMESTAMP - to_hours($hours::INT)
)
SELECT host.name, domain, count(DISTINCT dns.question.name) AS names,
  round(avg(length(dns.question.name) - length(domain))) AS mean_length,
  any_value(process.executable) AS program, any_value(dns.question.name) AS one_name
FROM questions
GROUP BY host.id, host.name, domain
HAVING names >= $names AND mean_length >= $length
ORDER BY names DESC
