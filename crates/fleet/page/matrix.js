// Hosts by rules: what a host is, then a square for each rule. Rows are arrays that carry their `cells` by rule.
const grades = ["critical", "high", "medium", "low", "info"];
const gradeWord = (grade) => t(grade.toUpperCase());
// Open before accepted, bad before harmless, nothing last.
const rank = (cell) => !cell ? 99 : grades.indexOf(cell.severity) + (cell.open_findings ? 0 : 10);
class Matrix extends Table {
  constructor(mount, heads, onChoose, classes) {
    super(mount, heads, onChoose, classes);
    this.fixed = heads;
    this.rules = [];
    this.at = 0;
    this.root.classList.add("matrix");
    this.body.addEventListener("scroll", () => { this.head.scrollLeft = this.body.scrollLeft; });
  }
  showRules(rules, onSort) {
    this.rules = rules;
    this.columns = [...this.fixed, ...rules.map((one) => one.rule)];
    this.at = Math.min(this.at, this.columns.length - 1);
    this.root.style.setProperty("--rules", Math.max(1, rules.length));
    this.head.replaceChildren();
    this.heads(onSort);
    this.headCells.slice(this.fixed.length).forEach((cell, at) => {
      cell.classList.add("rule");
      cell.firstChild.title = rules[at].title;
    });
  }
  // The rule of the chosen square; none where the host itself is chosen.
  rule() {
    return this.rules[this.at - this.fixed.length];
  }
  cells(row, at) {
    const fixed = this.fixed.map((_, column) => {
      const own = this.classes[column];
      return make("div", "cell " + (typeof own === "function" ? own(row) : own || ""), row[column].slice(0, 400));
    });
    const all = [...fixed, ...this.rules.map((one) => this.square(row.cells.get(one.rule), one))];
    all.forEach((cell, column) => {
      cell.setAttribute("role", "gridcell");
      cell.id = `${this.name}-${at}-${column}`;
      cell.dataset.column = column;
      if (at === this.chosen && column === this.at) cell.classList.add("here");
    });
    return all;
  }
  square(cell, rule) {
    const square = make("div", "cell square");
    if (!cell) return square;
    const open = cell.open_findings, count = open || cell.accepted_findings;
    const mark = make("span", `mark ${cell.severity}${open ? "" : " accepted"}`, gradeWord(cell.severity)[0]);
    if (count > 1) mark.append(make("small", "", count > 99 ? "99+" : count));
    const said = [rule.title, gradeWord(cell.severity), fill("{0} places", count)];
    if (!open) said.push(t("Accepted by policy"));
    square.setAttribute("aria-label", said.join(", "));
    square.title = said.join("\n");
    square.append(mark);
    return square;
  }
  pick(row, at, event) {
    const cell = event.target.closest(".cell");
    this.at = cell ? Number(cell.dataset.column) : 0;
    super.pick(row, at);
  }
  choose(at) {
    super.choose(at);
    const id = `${this.name}-${this.chosen}-${this.at}`;
    this.body.setAttribute("aria-activedescendant", id);
    byId(id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return super.key(event);
    event.preventDefault();
    this.at = Math.max(0, Math.min(this.at + step, this.columns.length - 1));
    this.choose(Math.max(0, this.chosen));
  }
}
