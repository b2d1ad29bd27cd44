-- What the last run found, service by service (put lab_ before the view's name for the lab's runs).
SELECT service, state, category, subtype, grade, sentence
FROM service_latest
WHERE run = (SELECT id FROM run WHERE world = 'internet' ORDER BY started_at DESC LIMIT 1)
ORDER BY state <> 'blocked', state = 'ok', service;
