-- Pages that came without verified TLS, by the hash of their body: a block page repeats.
SELECT body_sha256, http_status, http_title, http_location, count(*) AS n,
       count(DISTINCT name) AS names
FROM observation_flat
WHERE step = 'http' AND world = 'internet' AND verified = 0
GROUP BY body_sha256, http_status, http_title, http_location
ORDER BY names DESC, n DESC;
