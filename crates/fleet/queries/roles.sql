-- Roles, and how they are known.
--
-- columns:
--   role        the role
--   how         label, or likeness of packages and units
--   hosts       hosts that have it
--   first_name  one of them, the first by name
--   last_name   one of them, the last by name
SELECT o.role AS role, o.how AS how, count(*) AS hosts, min(l.name) AS first_name,
       max(l.name) AS last_name
FROM roles o JOIN latest l ON o.host = l.host
GROUP BY o.role, o.how
ORDER BY count(*) DESC, o.role, o.how
