-- Share of verdicts that say blocked, per service, network and day; n = 0 is no row, not 0 %.
SELECT date(started_at) AS day, country, asn_ipv4, service,
       sum(state = 'blocked') AS blocked, count(*) AS n,
       round(100.0 * sum(state = 'blocked') / count(*), 1) AS percent
FROM verdict_latest
WHERE state <> 'insufficient'
GROUP BY day, country, asn_ipv4, service
ORDER BY day, service;
