-- Hosts that were not heard of for long, and hosts that should be there and are not.
--
-- parameters:
--   before time = 8d   the last report of a stale host is older
-- columns:
--   state  stale, or missing for a host of the list of expected hosts without any report
--   name   the host
--   host   its id
--   role   its role
--   seen   its last report
SELECT 'stale' AS state, name, host, role, seen FROM latest WHERE seen < $before
UNION ALL
SELECT 'missing' AS state, e.name AS name, '' AS host, '' AS role, '' AS seen
FROM expected e
LEFT JOIN (SELECT name FROM latest UNION SELECT host AS name FROM latest) k ON e.name = k.name
WHERE k.name IS NULL
ORDER BY state, seen, name, host
