// A table of any length: only the rows in sight are in the document. Rows are arrays of plain text and numbers.
class Table {
  // A cell's class is a word, or told by the row.
  constructor(mount, columns, onChoose, classes = []) {
    this.row = 28;
    this.tallest = 15000000;
    this.rows = [];
    this.drawn = new Map();
    this.chosen = -1;
    this.onChoose = onChoose;
    this.columns = columns;
    this.classes = classes;
    this.name = mount.id;
    this.root = make("div", "grid");
    this.root.setAttribute("role", "grid");
    this.head = make("div", "row head");
    this.head.setAttribute("role", "row");
    this.body = make("div", "body");
    this.body.setAttribute("role", "rowgroup");
    this.body.tabIndex = 0;
    this.space = make("div", "space");
    this.body.append(this.space);
    this.root.append(this.head, this.body);
    mount.append(this.root);
    this.body.addEventListener("scroll", () => this.later());
    this.body.addEventListener("keydown", (event) => this.key(event));
    addEventListener("resize", () => this.later());
  }
  heads(onSort) {
    this.headCells = this.columns.map((name, at) => {
      const own = this.classes[at];
      const cell = make("div", own === "number" ? own : "");
      cell.setAttribute("role", "columnheader");
      const button = make("button", "", name);
      button.type = "button";
      button.addEventListener("click", () => onSort(at));
      cell.append(button);
      this.head.append(cell);
      return cell;
    });
  }
  sorted(column, up) {
    this.headCells.forEach((cell, at) =>
      cell.setAttribute("aria-sort", at !== column ? "none" : up ? "ascending" : "descending"));
  }
  show(rows) {
    this.rows = rows;
    this.forget();
    this.chosen = -1;
    this.root.setAttribute("aria-rowcount", rows.length + 1);
    this.root.setAttribute("aria-colcount", this.columns.length);
    this.space.style.height = Math.min(rows.length * this.row, this.tallest) + "px";
    this.body.scrollTop = 0;
    this.draw();
  }
  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }
  // Beyond the tallest element a browser draws, scrolling is a share of the whole.
  scale() {
    const whole = this.rows.length * this.row;
    const view = this.body.clientHeight;
    return whole > this.tallest ? (whole - view) / (this.tallest - view) : 1;
  }
  draw(limit) {
    const top = this.body.scrollTop * this.scale();
    const first = limit ? 0 : Math.max(0, Math.floor(top / this.row) - 5);
    const count = limit || Math.ceil(this.body.clientHeight / this.row) + 10;
    const shift = this.body.scrollTop - top;
    const last = Math.min(first + count, this.rows.length);
    for (const [at, line] of this.drawn) {
      if (at >= first && at < last) continue;
      line.remove();
      this.drawn.delete(at);
    }
    // Rows that were in sight before stay as they are.
    let next = this.space.firstChild;
    for (let at = first; at < last; at++) {
      let line = this.drawn.get(at);
      if (!line) this.drawn.set(at, line = this.line(this.rows[at], at));
      line.style.top = at * this.row + shift + "px";
      if (line === next) next = next.nextSibling;
      else this.space.insertBefore(line, next);
    }
  }
  // All rows are drawn anew, or one.
  forget(at) {
    const gone = at === undefined ? [...this.drawn.keys()] : [at];
    for (const one of gone) {
      this.drawn.get(one)?.remove();
      this.drawn.delete(one);
    }
  }
  line(row, at) {
    const line = make("div", at % 2 ? "row odd" : "row");
    line.id = this.name + "-row-" + at;
    line.setAttribute("role", "row");
    line.setAttribute("aria-rowindex", at + 2);
    line.setAttribute("aria-selected", at === this.chosen);
    line.append(...this.cells(row, at));
    line.addEventListener("click", (event) => this.pick(row, at, event));
    return line;
  }
  pick(row, at) {
    this.choose(at);
    this.onChoose(row, false);
  }
  cells(row) {
    return this.columns.map((_, column) => {
      const own = this.classes[column];
      const name = typeof own === "function" ? own(row) : own || "";
      const cell = make("div", "cell " + name, String(row[column]).slice(0, 400));
      cell.setAttribute("role", "gridcell");
      return cell;
    });
  }
  choose(at) {
    if (!this.rows.length) return;
    this.forget(this.chosen);
    this.chosen = Math.max(0, Math.min(at, this.rows.length - 1));
    const top = this.chosen * this.row / this.scale();
    const view = this.body.clientHeight;
    if (top < this.body.scrollTop) this.body.scrollTop = top;
    if (top + this.row > this.body.scrollTop + view) this.body.scrollTop = top + this.row - view;
    this.forget(this.chosen);
    this.draw();
    this.body.setAttribute("aria-activedescendant", this.name + "-row-" + this.chosen);
  }
  key(event) {
    const page = Math.max(1, Math.floor(this.body.clientHeight / this.row) - 1);
    const to = { ArrowDown: this.chosen + 1, ArrowUp: this.chosen - 1, PageDown: this.chosen + page,
      PageUp: this.chosen - page, Home: 0, End: this.rows.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      this.choose(to);
    } else if (event.key === "Enter" && this.rows[this.chosen]) {
      this.onChoose(this.rows[this.chosen], true);
    }
  }
}
