-- The observations that each verdict of the last run rests on, verdicts about failures only.
SELECT v.endpoint, v.state, v.category, v.rule_id, e.part, e.step, e.arm, e.address,
       e.failure, e.operation, e.failure_raw, e.started_at
FROM verdict_latest AS v
JOIN evidence_of_verdict AS e ON e.verdict = v.verdict
WHERE v.state NOT IN ('ok', 'insufficient')
  AND v.run = (SELECT id FROM run WHERE world = 'internet' ORDER BY started_at DESC LIMIT 1)
ORDER BY v.endpoint, v.protocol, v.family, e.part, e.place;
