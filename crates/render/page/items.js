// The items of one report: search, kinds, order, and all fields of the chosen one.
(() => {
  const data = JSON.parse(byId("data").textContent);
  Object.assign(words, data.words);
  const all = data.items;
  const search = byId("search"), kind = byId("kind"), count = byId("count"), detail = byId("detail");
  const mostPrinted = 1000;
  let shown = all, column = -1, up = true;
  const table = new Table(byId("grid"), [t("Kind"), t("Key"), t("What tells most")], describe);
  table.root.setAttribute("aria-label", t("Items"));
  table.heads((at) => {
    up = at === column ? !up : true;
    column = at;
    update();
  });
  const kinds = new Map();
  for (const item of all) kinds.set(item[0], (kinds.get(item[0]) || 0) + 1);
  kind.append(new Option(t("all kinds"), ""));
  for (const name of [...kinds.keys()].sort()) kind.append(new Option(`${name} (${kinds.get(name)})`, name));
  // All that an item says, in small letters; made at the first search and kept.
  const said = (item) => item[4] || (item[4] = (item[0] + "\n" + item[1] + "\n" + JSON.stringify(item[3])).toLowerCase());
  function update() {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = all.filter((item) => (!kind.value || item[0] === kind.value)
      && parts.every((part) => said(item).includes(part)));
    if (column >= 0) {
      const sign = up ? 1 : -1;
      shown.sort((a, b) => a[column] < b[column] ? -sign : a[column] > b[column] ? sign : 0);
      table.sorted(column, up);
    }
    count.textContent = shown.length ? fill("{0} of {1} items", shown.length, all.length) : t("no item fits");
    table.show(shown);
  }
  function describe(item, focus) {
    const close = make("button", "", t("Close"));
    close.type = "button";
    close.addEventListener("click", empty);
    const list = make("dl", "facts");
    for (const [name, value] of Object.entries(item[3])) {
      list.append(make("dt", "", name));
      const cell = make("dd");
      const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
      cell.append(make("pre", "host", text));
      list.append(cell);
    }
    const title = make("strong", "host", item[0] + " " + item[1]);
    detail.replaceChildren(close, title, list);
    if (focus) detail.focus();
  }
  function empty() {
    detail.replaceChildren(make("span", "quiet", t("Choose an item to see all its fields.")));
    table.body.focus({ preventScroll: true });
  }
  detail.addEventListener("keydown", (event) => { if (event.key === "Escape") empty(); });
  let wait = 0;
  search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(update, 80); });
  kind.addEventListener("change", update);
  addEventListener("beforeprint", () => {
    table.draw(mostPrinted);
    if (shown.length > mostPrinted) count.textContent =
      fill("{0} of {1} items are printed: narrow the search to print others", mostPrinted, all.length);
  });
  addEventListener("afterprint", update);
  update();
  detail.replaceChildren(make("span", "quiet", t("Choose an item to see all its fields.")));
})();
