-- Hosts by rules: every finding of every host's last report, with its evidence.
--
-- columns:
--   name        the host
--   host        its id
--   role        its role
--   rule        the rule
--   severity    how bad
--   confidence  how sure
--   title       what it says
--   path        where
--   accepted    yes when a policy accepts it
--   evidence    what supports it
SELECT l.name AS name, l.host AS host, l.role AS role, f.rule AS rule, f.severity AS severity,
       f.confidence AS confidence, f.title AS title, f.path AS path, f.accepted AS accepted,
       f.evidence AS evidence
FROM findings f JOIN latest l ON f.report = l.report
ORDER BY l.name, l.host, f.rule, f.path, f.finding
