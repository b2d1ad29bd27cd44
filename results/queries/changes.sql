-- When an endpoint's state changed from one run to the next, per network.
SELECT started_at, asn_ipv4, endpoint, protocol, family, before, state
FROM (
    SELECT *, lag(state) OVER (
        PARTITION BY endpoint, protocol, family, asn_ipv4, asn_ipv6 ORDER BY started_at
    ) AS before
    FROM verdict_latest
)
WHERE before <> state
ORDER BY started_at, endpoint;
