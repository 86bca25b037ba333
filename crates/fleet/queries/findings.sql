-- Rules that hold on any host now, the worst and rarest first.
--
-- columns:
--   severity    how bad
--   rule        the rule
--   title       what it says
--   hosts       hosts on which it holds and no policy accepts it
--   first_seen  the first report that has it
--   first_name  one of the hosts, the first by name
--   last_name   one of the hosts, the last by name
WITH firsts AS (
  SELECT rule, min(seen) AS first_seen FROM findings GROUP BY rule
)
SELECT f.severity AS severity, f.rule AS rule, min(f.title) AS title,
       count(DISTINCT l.host) AS hosts, min(s.first_seen) AS first_seen,
       min(l.name) AS first_name, max(l.name) AS last_name
FROM findings f
JOIN latest l ON f.report = l.report
JOIN firsts s ON f.rule = s.rule
WHERE f.accepted = ''
GROUP BY f.severity, f.rule
ORDER BY CASE WHEN f.severity = 'critical' THEN 0 WHEN f.severity = 'high' THEN 1
              WHEN f.severity = 'medium' THEN 2 WHEN f.severity = 'low' THEN 3 ELSE 4 END,
         count(DISTINCT l.host), f.rule
