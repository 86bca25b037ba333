-- Hosts that can be mistaken for each other: one name with several ids, one id with several names
-- (a machine that was copied with its machine-id).
--
-- columns:
--   problem     which of the two
--   value       the name, or the id
--   number      how many ids it has, or names
--   first       one of them
--   last        another
SELECT 'one name, several ids' AS problem, name AS value, count(DISTINCT host) AS number,
       min(host) AS first, max(host) AS last
FROM reports
GROUP BY name
HAVING count(DISTINCT host) > 1
UNION ALL
SELECT 'one id, several names' AS problem, host AS value, count(DISTINCT name) AS number,
       min(name) AS first, max(name) AS last
FROM reports
GROUP BY host
HAVING count(DISTINCT name) > 1
ORDER BY problem, value
