-- What is new, gone or changed on each host between its last two reports of one mode and scope. What
-- comes and goes in ordinary life is left out, as is what one of the two audits did not look at.
--
-- columns:
--   name      the host
--   host      its id
--   change    new, gone or changed
--   kind      the kind of item
--   subject   what it is about
--   path      where it was read
--   old_seen  the report before
--   new_seen  the last report
--   old       what it said
--   new       what it says
-- once: pairs, differ, sighted
WITH before AS (
  SELECT l.host AS host, max(r.seen || ' ' || r.report) AS moment
  FROM latest l
  JOIN reports r ON r.host = l.host AND r.mode = l.mode AND r.scope = l.scope
  WHERE r.seen || ' ' || r.report < l.seen || ' ' || l.report
  GROUP BY l.host
), pairs AS (
  SELECT l.host AS host, l.hostno AS hostno, l.name AS name, r.reportno AS old_report,
         l.reportno AS new_report, r.seen AS old_seen, l.seen AS new_seen, r.plugins AS old_plugins,
         l.plugins AS new_plugins,
         CASE WHEN r.plugins = l.plugins THEN 1 ELSE 0 END AS alike
  FROM before b
  JOIN reports r ON r.host = b.host AND r.seen || ' ' || r.report = b.moment
  JOIN latest l ON l.host = b.host
), sides AS (
  SELECT reportno, hostno, old_plugins, new_plugins, alike, -1 AS side
  FROM (SELECT old_report AS reportno, hostno, old_plugins, new_plugins, alike FROM pairs) o
  UNION ALL
  SELECT reportno, hostno, old_plugins, new_plugins, alike, 1 AS side
  FROM (SELECT new_report AS reportno, hostno, old_plugins, new_plugins, alike FROM pairs) n
), differ AS (
  SELECT s.hostno AS hostno, i.fact AS fact
  FROM items i JOIN sides s ON i.reportno = s.reportno
  WHERE i.course = 'standing'
    AND (s.alike = 1 OR i.plugin = '' OR i.kind = 'package'
         OR (s.old_plugins LIKE '%,' || i.plugin || ',%' AND s.new_plugins LIKE '%,' || i.plugin || ',%'))
  GROUP BY s.hostno, i.fact
  HAVING sum(s.side * i.v1) <> 0 OR sum(s.side * i.v2) <> 0
), sighted AS (
  SELECT s.side AS side, d.hostno AS hostno, d.fact AS fact, min(i.kind) AS kind,
         min(i.subject) AS subject, min(i.path) AS path, min(i.detail) AS detail, max(i.state) AS state
  FROM differ d
  JOIN sides s ON d.hostno = s.hostno
  JOIN items i ON i.reportno = s.reportno AND i.fact = d.fact
  GROUP BY s.side, d.hostno, d.fact
), changes AS (
  SELECT d.hostno AS hostno,
         CASE WHEN o.kind IS NULL THEN 'new' WHEN n.kind IS NULL THEN 'gone' ELSE 'changed' END
           AS change,
         coalesce(n.kind, o.kind) AS kind, coalesce(n.subject, o.subject) AS subject,
         coalesce(n.path, o.path) AS path, coalesce(o.detail, '') AS old,
         coalesce(n.detail, '') AS new,
         CASE WHEN o.kind IS NULL THEN n.state WHEN n.kind IS NULL THEN o.state ELSE '' END AS alone
  FROM differ d
  LEFT JOIN sighted o ON o.side = -1 AND d.hostno = o.hostno AND d.fact = o.fact
  LEFT JOIN sighted n ON n.side = 1 AND d.hostno = n.hostno AND d.fact = n.fact
)
SELECT p.name AS name, p.host AS host, c.change AS change, c.kind AS kind, c.subject AS subject,
       c.path AS path, p.old_seen AS old_seen, p.new_seen AS new_seen, c.old AS old, c.new AS new
FROM changes c JOIN pairs p ON c.hostno = p.hostno
WHERE NOT (c.kind = 'file' AND (c.alone = 'vendor' OR c.alone = 'local'))
ORDER BY p.name, p.host, c.kind, c.subject
