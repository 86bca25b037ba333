-- Hosts by rules, a line for each pair that holds: how bad it is there, and how often it holds.
--
-- columns:
--   host               the host's id
--   rule               the rule
--   severity           the worst of its findings there that no policy accepts; of the accepted ones without such
--   open_findings      findings that no policy accepts
--   accepted_findings  findings that a policy accepts
WITH graded AS (
  SELECT l.host AS host, f.rule AS rule,
         CASE WHEN f.severity = 'critical' THEN 0 WHEN f.severity = 'high' THEN 1
              WHEN f.severity = 'medium' THEN 2 WHEN f.severity = 'low' THEN 3 ELSE 4 END AS grade,
         CASE WHEN f.accepted = '' THEN 0 ELSE 1 END AS accepted
  FROM findings f JOIN latest l ON f.report = l.report
), pairs AS (
  SELECT host, rule, min(accepted * 10 + grade) AS worst,
         count(CASE WHEN accepted = 0 THEN 1 END) AS open_findings,
         count(CASE WHEN accepted = 1 THEN 1 END) AS accepted_findings
  FROM graded
  GROUP BY host, rule
)
SELECT host, rule,
       CASE WHEN worst = 0 OR worst = 10 THEN 'critical' WHEN worst = 1 OR worst = 11 THEN 'high'
            WHEN worst = 2 OR worst = 12 THEN 'medium' WHEN worst = 3 OR worst = 13 THEN 'low'
            ELSE 'info' END AS severity,
       open_findings, accepted_findings
FROM pairs
ORDER BY host, rule
