-- What each resolver answered for each name, so that a lie stands beside the truth.
SELECT name, query_type, resolver, transport, rcode, addresses, answers, count(*) AS n
FROM observation_flat
WHERE step = 'dns' AND arm = 'target' AND world = 'internet'
GROUP BY name, query_type, resolver, transport, rcode, addresses, answers
ORDER BY name, query_type, resolver, transport;
