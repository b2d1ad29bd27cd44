-- How steps towards targets fail: each step, failure and phase, with counts and how long they took.
SELECT country, asn_ipv4, step, failure, operation, count(*) AS n,
       count(DISTINCT endpoint) AS endpoints, round(avg(duration_s), 3) AS mean_duration_s
FROM observation_flat
WHERE world = 'internet' AND arm = 'target' AND failure IS NOT NULL
GROUP BY country, asn_ipv4, step, failure, operation
ORDER BY n DESC;
