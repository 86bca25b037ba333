-- Made once for each session, in whatever engine: what the shipped queries stand on.

-- The last report of each host, with its role.
CREATE VIEW latest AS
SELECT r.report AS report, r.reportno AS reportno, r.host AS host, r.hostno AS hostno, r.seen AS seen, r.name AS name,
       CASE WHEN o.role IS NULL THEN '~plain' ELSE o.role END AS role,
       r.os AS os, r.kernel AS kernel, r.mode AS mode, r.scope AS scope, r.version AS version,
       r.verdict AS verdict, r.plugins AS plugins, r.findings AS findings, r.alarming AS alarming,
       r.gaps AS gaps, r.mattering_gaps AS mattering_gaps, r.source AS source
FROM reports r
JOIN (SELECT host, max(seen || ' ' || report) AS newest FROM reports GROUP BY host) n
  ON r.host = n.host AND r.seen || ' ' || r.report = n.newest
LEFT JOIN roles o ON r.host = o.host;

-- How many hosts have each role.
CREATE VIEW sizes AS
SELECT role, count(*) AS size FROM latest GROUP BY role;
