-- Every host as its last report has it, the worst first.
--
-- columns:
--   name            the host
--   host            its id
--   role            its role; a name that starts with ~ was found by likeness
--   verdict         the verdict
--   alarming        findings of medium or above that no policy accepts
--   findings        all findings
--   mattering_gaps  gaps that the verdict needed
--   seen            when it was audited
--   reports         how many reports there are of it
--   mode            live or offline
--   os              its distribution
--   kernel          its kernel
--   version         the version of coroner
SELECT l.name AS name, l.host AS host, l.role AS role, l.verdict AS verdict,
       l.alarming AS alarming, l.findings AS findings, l.mattering_gaps AS mattering_gaps,
       l.seen AS seen, n.reports AS reports, l.mode AS mode, l.os AS os, l.kernel AS kernel,
       l.version AS version
FROM latest l
JOIN (SELECT host, count(*) AS reports FROM reports GROUP BY host) n ON l.host = n.host
ORDER BY CASE WHEN l.verdict = 'compromised' THEN 0 WHEN l.verdict = 'suspicious' THEN 1
              WHEN l.verdict = 'inconclusive' THEN 2 ELSE 3 END,
         l.alarming DESC, l.name, l.host
