-- The fleet in one line: how many hosts and reports, from when to when, and the verdicts.
--
-- columns:
--   hosts         hosts that have a report
--   reports       reports of them
--   first_seen    the first report
--   last_seen     the last report
--   compromised   hosts whose last verdict says so
--   suspicious    the same
--   inconclusive  the same
--   clean         the same
SELECT h.hosts AS hosts, r.reports AS reports, r.first_seen AS first_seen, r.last_seen AS last_seen,
       h.compromised AS compromised, h.suspicious AS suspicious, h.inconclusive AS inconclusive,
       h.clean AS clean
FROM (
  SELECT count(*) AS hosts,
         count(CASE WHEN verdict = 'compromised' THEN 1 END) AS compromised,
         count(CASE WHEN verdict = 'suspicious' THEN 1 END) AS suspicious,
         count(CASE WHEN verdict = 'inconclusive' THEN 1 END) AS inconclusive,
         count(CASE WHEN verdict = 'clean' THEN 1 END) AS clean
  FROM latest
) h
CROSS JOIN (
  SELECT count(*) AS reports, min(seen) AS first_seen, max(seen) AS last_seen FROM reports
) r
ORDER BY h.hosts, r.reports
