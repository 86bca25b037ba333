-- One hash, path, key fingerprint, address, command or package: every host that has it or had it.
--
-- parameters:
--   value text   what to look for, exactly
-- columns:
--   name        the host
--   host        its id
--   role        its role
--   what        how the item names it: item, hash, path, fingerprint, address, command, finding
--   kind        the kind of item that names it
--   item        the item
--   path        where it was read
--   first_seen  the first report that has it
--   last_seen   the last report that has it
--   still       1 when the host's last report has it
WITH found AS (
  SELECT report, host, seen, 'item' AS what, kind, item, path
  FROM items
  WHERE item = $value OR item_key = $value OR subject = $value OR path = $value
     OR sha256 = $value OR package = $value
  UNION ALL
  SELECT report, host, seen, what, kind, item, path FROM marks WHERE mark = $value
  UNION ALL
  SELECT report, host, seen, 'finding' AS what, rule AS kind, item_key AS item, path
  FROM findings
  WHERE item_key = $value OR path = $value
)
SELECT l.name AS name, f.host AS host, l.role AS role, f.what AS what, f.kind AS kind,
       f.item AS item, f.path AS path, min(f.seen) AS first_seen, max(f.seen) AS last_seen,
       max(CASE WHEN f.report = l.report THEN 1 ELSE 0 END) AS still
FROM found f JOIN latest l ON f.host = l.host
GROUP BY l.name, f.host, l.role, f.what, f.kind, f.item, f.path
ORDER BY min(f.seen), l.name, f.host, f.kind, f.item, f.path, f.what
