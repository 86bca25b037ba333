-- Things that nearly all hosts of a role have alike, and few have otherwise: a replaced program, a
-- changed setting.
--
-- parameters:
--   most number = 3   hosts of a role that may have it so
-- columns:
--   role      the role whose hosts are compared
--   kind      the kind of item
--   item      the item
--   hosts     hosts of the role that have it so
--   usual     hosts of the role that have it as most do
--   restless  hosts of the role with anything of this kind in this place as few have it, or such
--             things when they are fewer
--   name      one of the hosts that have it so
--   host      its id
--   path      where it was read
--   seen      when
--   detail    what it says there
--   others    what it says on most
-- once: variants, odd, holders
WITH variants AS (
  SELECT l.role AS role, i.thing AS thing, i.v1 AS v1, i.v2 AS v2, count(*) AS hosts
  FROM items i JOIN latest l ON i.reportno = l.reportno
  WHERE i.course = 'standing'
  GROUP BY l.role, i.thing, i.v1, i.v2
), totals AS (
  SELECT role, thing, sum(hosts) AS total, max(hosts) AS usual
  FROM variants
  GROUP BY role, thing
  HAVING count(*) > 1
), odd AS (
  SELECT v.role AS role, v.thing AS thing, v.v1 AS v1, v.v2 AS v2, v.hosts AS hosts,
         t.usual AS usual
  FROM variants v
  JOIN totals t ON v.role = t.role AND v.thing = t.thing
  -- A fifth of those that have it; of a host and two or three siblings, the one.
  WHERE v.hosts <= $most
    AND ((v.hosts * 4 <= t.usual AND t.usual * 5 >= t.total * 4)
      OR (v.hosts = 1 AND t.usual >= 2 AND t.usual + 1 = t.total))
), holders AS (
  SELECT o.role AS role, o.thing AS thing, o.hosts AS hosts, o.usual AS usual, i.kind AS kind,
         i.item AS item, i.place AS place, i.path AS path, i.detail AS detail,
         CASE WHEN i.state = 'vendor' OR i.state = 'local' THEN 1 ELSE 0 END AS vouched,
         l.hostno AS hostno, l.host AS host, l.name AS name, l.seen AS seen
  FROM odd o
  JOIN items i ON i.thing = o.thing AND i.v1 = o.v1 AND i.v2 = o.v2
  JOIN latest l ON i.reportno = l.reportno AND l.role = o.role
), habits AS (
  SELECT role, kind, place, vouched,
         CASE WHEN count(DISTINCT hostno) < count(DISTINCT thing) THEN count(DISTINCT hostno)
              ELSE count(DISTINCT thing) END AS restless
  FROM holders
  GROUP BY role, kind, place, vouched
), common AS (
  SELECT v.role AS role, v.thing AS thing, min(i.detail) AS detail
  FROM (SELECT DISTINCT role, thing, usual FROM odd) o
  JOIN variants v ON v.role = o.role AND v.thing = o.thing AND v.hosts = o.usual
  JOIN items i ON i.thing = v.thing AND i.v1 = v.v1 AND i.v2 = v.v2
  GROUP BY v.role, v.thing
)
SELECT h.role AS role, h.kind AS kind, h.item AS item, h.hosts AS hosts, h.usual AS usual,
       b.restless AS restless, h.name AS name, h.host AS host, h.path AS path, h.seen AS seen,
       h.detail AS detail, c.detail AS others
FROM holders h
JOIN habits b ON h.role = b.role AND h.kind = b.kind AND h.place = b.place
             AND h.vouched = b.vouched
JOIN common c ON h.role = c.role AND h.thing = c.thing
ORDER BY h.vouched, b.restless * 1.0 / h.usual, h.hosts, b.restless, h.role, h.kind, h.item, h.name, h.host
