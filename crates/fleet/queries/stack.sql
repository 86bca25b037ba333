-- What few hosts of a role have: the leads, best first. A thing is unusual when few hosts have it,
-- and more so where hosts seldom have anything of their own (`restless`).
--
-- parameters:
--   most number = 3   hosts of a role that may have it
-- columns:
--   role        the role whose hosts are compared
--   kind        the kind of item
--   item        the item, addresses, ports and random names masked
--   hosts       hosts of the role that have it
--   size        hosts of the role
--   restless    hosts of the role with anything rare of this kind in this place, or such things when
--               they are fewer: one thing on three hosts is no habit
--   name        one of the hosts that have it
--   host        its id
--   path        where it was read
--   first_seen  when that host was first seen to have it
--   detail      what it says, in short
-- once: rare, holders
WITH counted AS (
  SELECT l.role AS role, i.thing AS thing, count(*) AS hosts
  FROM items i JOIN latest l ON i.reportno = l.reportno
  WHERE i.course = 'standing'
  GROUP BY l.role, i.thing
), rare AS (
  SELECT c.role AS role, c.thing AS thing, c.hosts AS hosts, s.size AS size
  FROM counted c JOIN sizes s ON c.role = s.role
  -- A fifth of a role; of a host and two or three siblings, the one.
  WHERE c.hosts <= $most
    AND (c.hosts * 5 <= s.size OR (c.hosts = 1 AND s.size >= 3))
), holders AS (
  SELECT r.role AS role, r.thing AS thing, r.hosts AS hosts, r.size AS size, i.kind AS kind,
         i.item AS item, i.place AS place, i.path AS path, i.detail AS detail,
         CASE WHEN i.state = 'vendor' OR i.state = 'local' THEN 1 ELSE 0 END AS vouched,
         l.hostno AS hostno, l.host AS host, l.name AS name
  FROM rare r
  JOIN items i ON i.thing = r.thing
  JOIN latest l ON i.reportno = l.reportno AND l.role = r.role
), habits AS (
  SELECT role, kind, place, vouched,
         CASE WHEN count(DISTINCT hostno) < count(DISTINCT thing) THEN count(DISTINCT hostno)
              ELSE count(DISTINCT thing) END AS restless
  FROM holders
  GROUP BY role, kind, place, vouched
), firsts AS (
  SELECT i.hostno AS hostno, i.thing AS thing, min(i.seen) AS first_seen
  FROM items i
  JOIN (SELECT DISTINCT thing FROM rare) r ON i.thing = r.thing
  GROUP BY i.hostno, i.thing
)
SELECT h.role AS role, h.kind AS kind, h.item AS item, h.hosts AS hosts, h.size AS size,
       b.restless AS restless, h.name AS name, h.host AS host, h.path AS path,
       f.first_seen AS first_seen, h.detail AS detail
FROM holders h
JOIN habits b ON h.role = b.role AND h.kind = b.kind AND h.place = b.place
             AND h.vouched = b.vouched
JOIN firsts f ON h.hostno = f.hostno AND h.thing = f.thing
ORDER BY h.vouched, b.restless * 1.0 / h.size, h.hosts, b.restless, h.role, h.kind, h.item, h.name, h.host
