// The lists and the matrix, from the data.
const says = ["{0} of {1}", "nothing fits", "{0} of {1} are printed: narrow the search to print others"];
const mostPrinted = 200, mostRules = 60;
const verdictRank = (verdict) => verdicts.indexOf(verdict);
// Names of files, commands and hosts are set as on the terminal.
const column = (name, of, style = "") => ({ name, of, style });
const on = column(t("On"), (thing) => named([...thing.holders.keys()]), "mono");
const hosting = column(t("Hosts"), (thing) => thing.row.hosts, "number");
const kind = column(t("Kind"), (thing) => thing.row.kind, "soft");
const role = column(t("Role"), (thing) => thing.row.role);
const item = column(t("Item"), titleOf, "mono");
const lists = {
  stack: {
    word: t("Rare things"), same: ["role", "kind", "item"],
    columns: [item, kind, role, hosting, on, column(t("First seen"), (thing) => minute(thing.row.first_seen), "soft")],
    facts: ({ row }) => [[t("Kind"), row.kind], [t("Role"), row.role], [t("Path"), row.path],
      [t("Hosts"), fill("{0} of {1}", row.hosts, row.size)], [t("First seen"), minute(row.first_seen)], [t("What it says"), row.detail]],
  },
  content: {
    word: t("Odd content"), same: ["role", "kind", "item", "detail"],
    columns: [item, kind, role, hosting, column(t("As most have it"), (thing) => thing.row.usual, "number"), on],
    facts: ({ row }) => [[t("Kind"), row.kind], [t("Role"), row.role], [t("Path"), row.path], [t("Hosts"), row.hosts],
      [t("As most have it"), row.usual], [t("What it says"), row.detail], [t("What it says on most"), row.others]],
  },
  shared: {
    word: t("Shared"), same: ["kind", "item"],
    holders: (row) => [[row.suspect_host, "suspect"], [row.host, row.alarming > 0 ? "suspect" : ""]],
    columns: [item, kind, hosting,
      column(t("With findings"), (thing) => holdersOf(thing, true), "mono"), column(t("Also on"), (thing) => holdersOf(thing, false), "mono")],
    facts: ({ row }) => [[t("Kind"), row.kind], [t("Item"), row.item], [t("Hosts"), row.hosts]],
  },
  packages: {
    word: t("Packages"), same: ["package", "version", "path", "sha256"],
    columns: [column(t("File"), (thing) => thing.row.path, "mono"), column(t("Package"), (thing) => `${thing.row.package} ${thing.row.version}`),
      hosting, column(t("As most have it"), (thing) => thing.row.usual, "number"), on, column(t("State"), (thing) => thing.row.state, "soft")],
    facts: ({ row }) => [[t("File"), row.path], [t("Package"), `${row.package} ${row.version}`], [t("State"), row.state], ["SHA-256", row.sha256],
      [t("Hosts"), row.hosts], [t("As most have it"), row.usual]],
  },
};
function holdersOf(thing, suspects) {
  return named([...thing.holders].filter(([, one]) => (one.role === "suspect") === suspects).map(([host]) => host));
}
function cutShort(id, table, query) {
  const { more: cut, rows } = data.tables[table];
  if (!cut) return;
  const note = make("p", "cut", fill("The first {0} rows; {1} has all.", rows.length, `coroner-fleet query ${query}`));
  byId(id).insertBefore(note, byId(id + "-grid"));
}
// A list in its section: `things` as rows of the columns, searched in all that they say.
function show(id, columns, things, choose, text, value) {
  const rows = things.map((thing) => Object.assign(columns.map(({ of }) => of(thing)), { of: thing }));
  const table = new Table(byId(id + "-grid"), columns.map(({ name }) => name), (row) => choose(row.of), columns.map(({ style }) => style));
  table.root.setAttribute("aria-label", byId(id).querySelector("h2").textContent);
  const list = new List({ table, rows, says, search: byId(id + "-search"), count: byId(id + "-count"), mostPrinted, value,
    text: (row) => row.join("\n") + "\n" + text(row.of) });
  table.heads((at) => list.sort(at));
  list.update();
}
const saidOf = (row) => Object.values(row).join("\n");
const verdictColumn = column(t("Verdict"), (host) => verdictWord(host.verdict), (row) => "verdict " + row.of.verdict);
function showMatrix() {
  const columns = [column(t("Host"), (host) => host.name, "mono"), verdictColumn, column(t("Role"), (host) => host.role, "soft")];
  const rows = hosts.map((host) => Object.assign(columns.map(({ of }) => of(host)), { of: host, cells: cellsOf.get(host.host) }));
  const verdict = byId("verdict"), severity = byId("severity");
  verdict.append(new Option(t("all verdicts"), ""), ...verdicts.map((one) => new Option(verdictWord(one), one)));
  severity.append(new Option(t("CRITICAL"), 0), new Option(t("high and above"), 1), new Option(t("medium and above"), 2), new Option(t("all rules"), 99));
  const matrix = new Matrix(byId("matrix-grid"), columns.map(({ name }) => name), (row) => visit(hostView(row.of.host, matrix.rule()?.rule)),
    columns.map(({ style }) => style));
  matrix.root.setAttribute("aria-label", byId("matrix").querySelector("h2").textContent);
  const value = (row, at) => at === 1 ? verdictRank(row.of.verdict) : at < 3 ? row[at] : rank(row.cells.get(matrix.columns[at]));
  const list = new List({ table: matrix, rows, says, search: byId("matrix-search"), count: byId("matrix-count"), mostPrinted, value,
    text: (row) => row.join("\n") + "\n" + saidOf(row.of) + "\n" + [...row.cells.keys()].join("\n"),
    fits: (row) => !verdict.value || row.of.verdict === verdict.value });
  const rules = [...byRule.values()].sort((a, b) => worst(a) - worst(b));
  const choose = () => {
    const wanted = rules.filter((rule) => worst(rule) <= Number(severity.value));
    matrix.showRules(wanted.slice(0, mostRules), (at) => list.sort(at));
    list.column = -1;
    byId("narrowed").hidden = wanted.length <= mostRules;
    byId("narrowed").textContent = fill("{0} of {1} rules are shown, the worst first; choose others by severity or search in the list of rules.", mostRules, wanted.length);
    list.update();
  };
  severity.value = rules.some((rule) => worst(rule) <= 2) ? 2 : 99;
  verdict.addEventListener("change", () => list.update());
  severity.addEventListener("change", choose);
  cutShort("matrix", "cells", "cells");
  choose();
}
const worst = (rule) => Math.min(99, ...[...rule.hosts.values()].map(rank));
showMatrix();
const holding = ({ rule }) => [...byRule.get(rule).hosts].filter(([, cell]) => cell.open_findings).map(([host]) => host);
show("rules", [column(t("Severity"), (rule) => gradeWord(rule.severity), (row) => "grade " + row.of.severity), column(t("Rule"), (rule) => rule.title),
  column(t("Id"), (rule) => rule.rule, "mono"), column(t("Hosts"), (rule) => rule.hosts, "number"), column(t("On"), (rule) => named(holding(rule)), "mono"), column(t("First seen"), (rule) => minute(rule.first_seen), "soft")],
  read(data.tables.findings), (rule) => visit(ruleView(rule.rule)), saidOf,
  (row, at) => at === 0 ? grades.indexOf(row.of.severity) : row[at]);
for (const [id, { same, holders = (row) => [[row.host, ""]], columns }] of Object.entries(lists)) {
  const found = things(id, same, holders);
  cutShort(id, id, id);
  show(id, columns, found, (thing) => visit(thingView(thing)), (thing) => saidOf(thing.row) + "\n" + [...thing.holders.keys()].map(nameOf).join("\n"));
}
cutShort("hosts", "hosts", "hosts");
show("hosts", [column(t("Host"), (host) => host.name, "mono"), verdictColumn, column(t("Role"), (host) => host.role, "soft"),
  column(t("Findings"), (host) => host.alarming, "number"), column(t("Gaps"), (host) => host.mattering_gaps, "number"),
  column(t("Last report"), (host) => minute(host.seen)), column(t("Reports"), (host) => host.reports, "number"),
  column(t("System"), (host) => host.os, "soft"), column(t("Kernel"), (host) => host.kernel, "soft")],
  hosts, (host) => visit(hostView(host.host)), saidOf, (row, at) => at === 1 ? verdictRank(row.of.verdict) : row[at]);
cutShort("stale", "stale", "stale");
show("stale", [column(t("State"), (one) => t(one.state)), column(t("Host"), (one) => one.name, "mono"), column(t("Role"), (one) => one.role, "soft"),
  column(t("Last report"), (one) => minute(one.seen))],
  read(data.tables.stale), (one) => { if (byHost.has(one.host)) visit(hostView(one.host)); }, saidOf);
