-- Every finding of every host's last report with its evidence, the worst first. With a limit, what is
-- left out matters less than what is there.
--
-- columns:
--   host        the host's id
--   rule        the rule
--   severity    how bad
--   confidence  how sure
--   title       what it says
--   kind        the kind of item that it speaks of
--   item        the item
--   path        where
--   accepted    yes when a policy accepts it
--   evidence    what supports it, a line for each piece
SELECT l.host AS host, f.rule AS rule, f.severity AS severity, f.confidence AS confidence,
       f.title AS title, f.kind AS kind, f.item_key AS item, f.path AS path,
       f.accepted AS accepted, f.evidence AS evidence
FROM findings f JOIN latest l ON f.report = l.report
ORDER BY f.accepted,
         CASE WHEN f.severity = 'critical' THEN 0 WHEN f.severity = 'high' THEN 1
              WHEN f.severity = 'medium' THEN 2 WHEN f.severity = 'low' THEN 3 ELSE 4 END,
         f.rule, l.name, l.host, f.path, f.item_key, f.finding, f.evidence, f.title, f.confidence, f.kind
