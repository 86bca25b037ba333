// The page's data, and what of it belongs together.
const data = JSON.parse(byId("data").textContent);
Object.assign(words, data.words);
// What is null is as in the row above.
const read = ({ columns, rows }) => {
  let above = {};
  return rows.map((row) => {
    const all = {};
    columns.forEach((column, at) => { all[column] = row[at] ?? above[column]; });
    return above = all;
  });
};
const hosts = read(data.tables.hosts);
const byHost = new Map(hosts.map((host) => [host.host, host]));
const byRule = new Map();
for (const { rule, title, severity } of read(data.tables.findings))
  if (!byRule.has(rule)) byRule.set(rule, { rule, title, severity, hosts: new Map() });
const cellsOf = new Map(hosts.map((host) => [host.host, new Map()]));
const evidenceOf = new Map();
for (const finding of read(data.tables.evidence)) {
  const key = finding.host + "\n" + finding.rule;
  if (!evidenceOf.has(key)) evidenceOf.set(key, []);
  evidenceOf.get(key).push(finding);
  // What is accepted everywhere is not among the rules that hold, and comes after them.
  const { rule, title, severity } = finding;
  if (!byRule.has(rule)) byRule.set(rule, { rule, title, severity, hosts: new Map() });
}
for (const cell of read(data.tables.cells)) {
  const { host, rule, severity } = cell;
  cellsOf.get(host)?.set(rule, cell);
  if (!byRule.has(rule)) byRule.set(rule, { rule, title: rule, severity, hosts: new Map() });
  byRule.get(rule).hosts.set(host, cell);
}
// A thing is a line of one of the lists: rows that tell the same of several hosts, as one.
const thingsOf = new Map();
function things(name, same, holders) {
  const found = new Map();
  for (const row of read(data.tables[name])) {
    const key = JSON.stringify(same.map((column) => row[column]));
    if (!found.has(key)) found.set(key, { list: name, row, holders: new Map() });
    const thing = found.get(key);
    for (const [host, role] of holders(row)) {
      if (thing.holders.has(host)) continue;
      thing.holders.set(host, { role, row });
      if (!thingsOf.has(host)) thingsOf.set(host, []);
      thingsOf.get(host).push(thing);
    }
  }
  return [...found.values()];
}
const titleOf = (thing) => thing.row.item || thing.row.path;
const nameOf = (host) => byHost.get(host)?.name ?? host;
const named = (ids) => {
  const few = [...ids].slice(0, 4).map(nameOf).join(", ");
  return ids.length > 4 ? few + ", …" : few;
};
const minute = (moment) => moment.slice(0, 16).replace("T", " ");
const verdicts = ["compromised", "suspicious", "inconclusive", "clean"];
const verdictWord = (verdict) => t(verdict.toUpperCase());
