// The items of one report: search, kinds, order, and all fields of the chosen one.
(() => {
  const data = JSON.parse(byId("data").textContent);
  Object.assign(words, data.words);
  const all = data.items;
  const kind = byId("kind"), detail = byId("detail");
  const table = new Table(byId("grid"), [t("Kind"), t("Key"), t("What tells most")], describe);
  table.root.setAttribute("aria-label", t("Items"));
  const kinds = new Map();
  for (const item of all) kinds.set(item[0], (kinds.get(item[0]) || 0) + 1);
  kind.append(new Option(t("all kinds"), ""));
  for (const name of [...kinds.keys()].sort()) kind.append(new Option(`${name} (${kinds.get(name)})`, name));
  const list = new List({
    table, search: byId("search"), count: byId("count"), rows: all,
    says: ["{0} of {1} items", "no item fits", "{0} of {1} items are printed: narrow the search to print others"],
    text: (item) => item[0] + "\n" + item[1] + "\n" + JSON.stringify(item[3]),
    fits: (item) => !kind.value || item[0] === kind.value,
  });
  table.heads((at) => list.sort(at));
  kind.addEventListener("change", () => list.update());
  function describe(item, focus) {
    const close = make("button", "", t("Close"));
    close.type = "button";
    close.addEventListener("click", empty);
    const facts = make("dl", "facts");
    for (const [name, value] of Object.entries(item[3])) {
      facts.append(make("dt", "", name));
      const cell = make("dd");
      const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
      cell.append(make("pre", "host", text));
      facts.append(cell);
    }
    const title = make("strong", "host", item[0] + " " + item[1]);
    detail.replaceChildren(close, title, facts);
    if (focus) detail.focus();
  }
  function empty() {
    detail.replaceChildren(make("span", "quiet", t("Choose an item to see all its fields.")));
    table.body.focus({ preventScroll: true });
  }
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") empty(); });
  list.update();
  detail.replaceChildren(make("span", "quiet", t("Choose an item to see all its fields.")));
})();
