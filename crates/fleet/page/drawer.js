// One host, rule or thing, told beside the page; each leads to the others and back.
const mostPlaces = 40, mostHosts = 400;
const trail = [];
const drawer = byId("drawer");
function visit(view) {
  trail.push(view);
  tell();
}
function tell() {
  const { title, parts } = trail.at(-1)();
  byId("drawer-title").textContent = title;
  byId("told").replaceChildren(...parts.filter(Boolean));
  byId("back").hidden = trail.length < 2;
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
  byId("drawer-title").focus();
}
byId("back").addEventListener("click", () => { trail.pop(); tell(); });
byId("close").addEventListener("click", () => drawer.close());
drawer.addEventListener("close", () => { trail.length = 0; });
drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });
const factList = (pairs) => {
  const list = make("dl", "facts");
  for (const [name, value] of pairs) {
    if (value === "" || value === undefined) continue;
    const cell = make("dd");
    cell.append(make("span", "host", value));
    list.append(make("dt", "", name), cell);
  }
  return list;
};
const link = (text, view, name = "link host") => {
  const button = make("button", name, text);
  button.type = "button";
  button.addEventListener("click", () => visit(view));
  return button;
};
const more = (count, english) => count > 0 ? make("p", "quiet", fill(english, count)) : "";
const badge = (grade) => make("span", "badge", gradeWord(grade));
function hostLinks(heading, ids, view) {
  if (!ids.length) return "";
  const part = make("section");
  const list = make("ul", "links");
  for (const id of ids.slice(0, mostHosts)) {
    const item = make("li");
    const host = byHost.get(id);
    item.append(link(nameOf(id), view(id)));
    if (host) item.append(make("span", "verdict " + host.verdict, verdictWord(host.verdict)), make("span", "host", host.role));
    list.append(item);
  }
  part.append(make("h3", "", `${heading} (${ids.length})`), list, more(ids.length - mostHosts, "{0} more of these"));
  return part;
}
function place(finding) {
  const part = make("div", "place");
  const where = make("p", "where");
  where.append(make("span", "host", finding.path || `${finding.kind} ${finding.item}`));
  const list = make("dl", "evidence");
  for (const [name, value] of finding.evidence) {
    const cell = make("dd");
    cell.append(make("span", "host", value));
    list.append(make("dt", "", name), cell);
  }
  part.append(where, list);
  if (finding.accepted) part.append(make("p", "quiet", t("Accepted by policy")));
  return part;
}
function reasoning(rule) {
  if (!Object.hasOwn(data.rules, rule)) return "";
  const { why, benign, next } = data.rules[rule];
  const part = make("div", "reasoning");
  const steps = make("ol");
  for (const step of next) steps.append(make("li", "", step));
  part.append(make("h4", "", t("why")), make("p", "", why), make("h4", "", t("unless")), make("p", "", benign),
    make("h4", "", t("do")), steps);
  return part;
}
function card(host, cell, open) {
  const found = evidenceOf.get(host + "\n" + cell.rule) || [];
  const count = cell.open_findings + cell.accepted_findings;
  const part = make("details", "card " + (cell.severity === "info" ? "low" : cell.severity));
  part.open = open;
  const summary = make("summary");
  summary.append(badge(cell.severity), make("span", "title", byRule.get(cell.rule).title));
  if (count > 1) summary.append(make("span", "times", fill("{0} places", count)));
  const inside = make("div", "inside");
  const places = make("div", "places");
  places.append(...found.slice(0, mostPlaces).map(place), more(count - Math.min(found.length, mostPlaces), "{0} more: see the host's report"));
  const rule = make("p", "rule");
  rule.append(make("span", "host", cell.rule), found.length ? " · " + t(found[0].confidence) : "");
  inside.append(places, reasoning(cell.rule), rule);
  part.append(summary, inside);
  return part;
}
function told(host) {
  const others = thingsOf.get(host) || [];
  if (!others.length) return "";
  const part = make("section");
  const list = make("ul", "links");
  for (const thing of others.slice(0, mostHosts)) {
    const item = make("li");
    item.append(link(titleOf(thing), thingView(thing)), make("span", "quiet", `${thing.row.kind || thing.row.package} · ${lists[thing.list].word}`));
    list.append(item);
  }
  part.append(make("h3", "", `${t("What few others have")} (${others.length})`), list, more(others.length - mostHosts, "{0} more of these"));
  return part;
}
const hostView = (id, rule) => () => {
  const host = byHost.get(id);
  const cells = [...cellsOf.get(id).values()].sort((a, b) => rank(a) - rank(b) || (a.rule < b.rule ? -1 : 1));
  if (rule) cells.sort((a, b) => (b.rule === rule) - (a.rule === rule));
  const findings = make("section");
  findings.append(make("h3", "", t("Findings")));
  if (!cells.length) findings.append(make("p", "quiet", t("Nothing that a rule finds.")));
  cells.forEach((cell, at) => findings.append(card(id, cell, rule ? cell.rule === rule : at < 3)));
  const standing = make("p", "standing");
  standing.append(make("span", "verdict " + host.verdict, verdictWord(host.verdict)), " · ", make("span", "host", host.role),
    ` · ${minute(host.seen)} UTC, ${t(host.mode)}`);
  return { title: host.name, parts: [standing, findings, told(id), factList([
    [t("Reports"), host.reports], [t("Gaps"), host.mattering_gaps], [t("System"), host.os], [t("Kernel"), host.kernel],
    ["coroner", host.version], [t("Host id"), host.host]])] };
};
const ruleView = (id) => () => {
  const rule = byRule.get(id);
  const holders = [...rule.hosts].sort((a, b) => rank(a[1]) - rank(b[1])).map(([host]) => host).filter((host) => byHost.has(host));
  return { title: rule.title, parts: [factList([[t("Rule"), id], [t("Severity"), gradeWord(rule.severity)]]),
    hostLinks(t("Hosts that have it"), holders, (host) => hostView(host, id)), reasoning(id)] };
};
const thingView = (thing) => () => {
  const holders = [...thing.holders].filter(([host]) => byHost.has(host));
  const suspects = holders.filter(([, one]) => one.role === "suspect").map(([host]) => host);
  const others = holders.filter(([, one]) => one.role !== "suspect").map(([host]) => host);
  return { title: titleOf(thing), parts: [factList(lists[thing.list].facts(thing)),
    hostLinks(t("Hosts with findings that have it"), suspects, (host) => hostView(host)),
    hostLinks(t("Hosts that have it"), others, (host) => hostView(host))] };
};
