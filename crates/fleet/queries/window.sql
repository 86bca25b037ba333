-- What appeared across the fleet in a time: on hosts that were audited before and did not have it.
-- What many hosts got at once is an update; what few got is a lead.
--
-- parameters:
--   since time = 7d   its start
--   until time = 0d   its end
-- columns:
--   first_seen  when it was first seen in that time
--   hosts       hosts on which it appeared
--   kind        the kind of item
--   item        the item
--   path        where it was read, on one of them
--   first_name  one of the hosts, the first by name
--   last_name   one of the hosts, the last by name
WITH known AS (
  SELECT hostno, min(seen) AS start FROM reports GROUP BY hostno HAVING min(seen) < $since
), fresh AS (
  SELECT DISTINCT i.hostno AS hostno, i.fact AS fact, i.v1 AS v1
  FROM items i JOIN known k ON i.hostno = k.hostno
  WHERE i.course = 'standing' AND i.seen >= $since AND i.seen < $until
), older AS (
  SELECT DISTINCT i.hostno AS hostno, i.fact AS fact, i.v1 AS v1
  FROM items i JOIN known k ON i.hostno = k.hostno
  WHERE i.course = 'standing' AND i.seen < $since
), appeared AS (
  SELECT f.hostno AS hostno, f.fact AS fact, f.v1 AS v1
  FROM fresh f
  LEFT JOIN older o ON f.hostno = o.hostno AND f.fact = o.fact AND f.v1 = o.v1
  WHERE o.hostno IS NULL
), rows_of AS (
  SELECT DISTINCT i.host AS host, i.kind AS kind, i.item AS item, i.path AS path, i.seen AS seen
  FROM appeared a
  JOIN items i ON i.hostno = a.hostno AND i.fact = a.fact AND i.v1 = a.v1
  WHERE i.seen >= $since AND i.seen < $until
)
SELECT min(r.seen) AS first_seen, count(DISTINCT r.host) AS hosts, r.kind AS kind, r.item AS item,
       min(r.path) AS path, min(l.name) AS first_name, max(l.name) AS last_name
FROM rows_of r JOIN latest l ON r.host = l.host
GROUP BY r.kind, r.item
ORDER BY count(DISTINCT r.host), min(r.seen), r.kind, r.item
