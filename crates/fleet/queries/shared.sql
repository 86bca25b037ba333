-- Hosts that share something rare with a host that has findings: where the intruder may be too.
--
-- parameters:
--   most number = 5   hosts of the whole fleet that may have it
-- columns:
--   suspect       a host with findings of medium or above that no policy accepts
--   suspect_host  its id
--   findings      how many it has
--   name          another host that has the same rare thing
--   host          its id
--   role          its role
--   alarming      findings that it has itself
--   kind          the kind of item, or hash, path, fingerprint, address, command
--   item          what they share
--   hosts         hosts of the whole fleet that have it
WITH things AS (
  SELECT l.host AS host, i.kind AS kind, i.item AS item
  FROM items i JOIN latest l ON i.report = l.report
  WHERE i.course = 'standing'
  UNION ALL
  SELECT DISTINCT l.host AS host, m.what AS kind, m.mark AS item
  FROM marks m JOIN latest l ON m.report = l.report
), counted AS (
  SELECT kind, item, count(*) AS hosts
  FROM things
  GROUP BY kind, item
  HAVING count(*) >= 2 AND count(*) <= $most
), rare AS (
  SELECT c.kind AS kind, c.item AS item, c.hosts AS hosts
  FROM counted c CROSS JOIN (SELECT count(*) AS size FROM latest) f
  WHERE c.hosts * 5 <= f.size
), held AS (
  SELECT r.kind AS kind, r.item AS item, r.hosts AS hosts, l.host AS host, l.name AS name,
         l.role AS role, l.alarming AS alarming
  FROM rare r
  JOIN things t ON t.kind = r.kind AND t.item = r.item
  JOIN latest l ON t.host = l.host
)
SELECT a.name AS suspect, a.host AS suspect_host, a.alarming AS findings, b.name AS name, b.host AS host, b.role AS role,
       b.alarming AS alarming, a.kind AS kind, a.item AS item, a.hosts AS hosts
FROM held a JOIN held b ON a.kind = b.kind AND a.item = b.item
WHERE a.alarming > 0 AND a.host <> b.host
ORDER BY a.hosts, a.name, b.name, a.kind, a.item, a.host, b.host
