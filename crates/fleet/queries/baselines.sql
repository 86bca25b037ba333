-- Versions of coroner and baselines in use, by how many hosts.
--
-- columns:
--   version   the version of coroner
--   baseline  the baseline; empty for hosts whose report rests on none
--   sha256    the hash of its file
--   trusted   whether agreement with it proves anything
--   hosts     hosts whose last report rests on it
--   example   one of them
SELECT l.version AS version, coalesce(b.baseline, '') AS baseline, coalesce(b.sha256, '') AS sha256,
       coalesce(b.trusted, '') AS trusted, count(*) AS hosts, min(l.name) AS example
FROM latest l LEFT JOIN baselines b ON b.report = l.report
GROUP BY l.version, coalesce(b.baseline, ''), coalesce(b.sha256, ''), coalesce(b.trusted, '')
ORDER BY count(*), l.version, coalesce(b.baseline, ''), coalesce(b.sha256, ''), coalesce(b.trusted, '')
