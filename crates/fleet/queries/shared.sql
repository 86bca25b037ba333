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
-- once: leads
WITH things AS (
  SELECT l.hostno AS hostno, i.thing AS thing
  FROM items i JOIN latest l ON i.reportno = l.reportno
  WHERE i.course = 'standing'
  UNION ALL
  SELECT DISTINCT l.hostno AS hostno, m.thing AS thing
  FROM marks m JOIN latest l ON m.reportno = l.reportno
), counted AS (
  SELECT thing, count(*) AS hosts
  FROM things
  GROUP BY thing
  HAVING count(*) >= 2 AND count(*) <= $most
), rare AS (
  SELECT c.thing AS thing, c.hosts AS hosts
  FROM counted c CROSS JOIN (SELECT count(*) AS size FROM latest) f
  WHERE c.hosts * 5 <= f.size
), leads AS (
  SELECT r.thing AS thing, r.hosts AS hosts, l.hostno AS hostno, l.host AS host, l.name AS name,
         l.alarming AS alarming
  FROM latest l
  JOIN things t ON t.hostno = l.hostno
  JOIN rare r ON t.thing = r.thing
  WHERE l.alarming > 0
), named AS (
  SELECT i.thing AS thing, i.kind AS kind, i.item AS item
  FROM items i JOIN (SELECT DISTINCT thing FROM leads) n ON i.thing = n.thing
  UNION
  SELECT m.thing AS thing, m.what AS kind, m.mark AS item
  FROM marks m JOIN (SELECT DISTINCT thing FROM leads) n ON m.thing = n.thing
)
SELECT a.name AS suspect, a.host AS suspect_host, a.alarming AS findings, b.name AS name, b.host AS host, b.role AS role,
       b.alarming AS alarming, n.kind AS kind, n.item AS item, a.hosts AS hosts
FROM leads a
JOIN things t ON t.thing = a.thing
JOIN latest b ON t.hostno = b.hostno
JOIN named n ON n.thing = a.thing
WHERE a.hostno <> b.hostno
ORDER BY a.hosts, a.name, b.name, n.kind, n.item, a.host, b.host
