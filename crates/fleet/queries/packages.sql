-- Hosts on which a file of the same version of a package has another content than elsewhere.
-- Configuration files that an administrator may change are left out, and so is the content that more
-- than half of the hosts have.
--
-- columns:
--   package  the package
--   version  its version and architecture
--   path     the file
--   hosts    hosts that have this content
--   usual    hosts that have the content that most have
--   name     one of the hosts with this content
--   host     its id
--   state    what the packages of that host say of it
--   sha256   its content
WITH files AS (
  SELECT l.host AS host, l.name AS name, i.package AS package, i.version AS version,
         i.path AS path, i.sha256 AS sha256, i.state AS state
  FROM items i JOIN latest l ON i.reportno = l.reportno
  WHERE i.kind = 'file' AND i.sha256 <> '' AND i.package <> '' AND i.version <> ''
    AND i.state <> 'conffile-changed'
), variants AS (
  SELECT package, version, path, sha256, count(*) AS hosts
  FROM files
  GROUP BY package, version, path, sha256
), mixed AS (
  SELECT package, version, path, max(hosts) AS usual, sum(hosts) AS total
  FROM variants
  GROUP BY package, version, path
  HAVING count(*) > 1
)
SELECT f.package AS package, f.version AS version, f.path AS path, v.hosts AS hosts,
       m.usual AS usual, f.name AS name, f.host AS host, f.state AS state, f.sha256 AS sha256
FROM mixed m
JOIN variants v ON v.package = m.package AND v.version = m.version AND v.path = m.path
JOIN files f ON f.package = v.package AND f.version = v.version AND f.path = v.path
            AND f.sha256 = v.sha256
WHERE v.hosts * 2 <= m.total
ORDER BY v.hosts, f.package, f.version, f.path, f.name, f.host
