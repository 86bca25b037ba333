// A table whose rows are searched and sorted, and the count of what is left. `says` has the words for what
// is left of how many, for nothing, and for what is printed when that is less.
class List {
  constructor({ table, search, count, rows, says, text, fits = () => true, value = (row, column) => row[column],
    mostPrinted = 1000 }) {
    Object.assign(this, { table, search, count, rows, says, text, fits, value });
    this.column = -1;
    this.up = true;
    let wait = 0;
    search.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(() => this.update(), 80); });
    addEventListener("beforeprint", () => {
      table.draw(mostPrinted);
      if (this.left.length > mostPrinted) count.textContent = fill(says[2], mostPrinted, this.rows.length);
    });
    addEventListener("afterprint", () => this.update());
  }
  sort(column) {
    this.up = column === this.column ? !this.up : true;
    this.column = column;
    this.update();
  }
  // All that a row says, in small letters; made at the first search and kept.
  said(row) {
    return row.said ??= this.text(row).toLowerCase();
  }
  update() {
    const parts = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.left = this.rows.filter((row) => this.fits(row) && parts.every((part) => this.said(row).includes(part)));
    if (this.column >= 0) {
      const sign = this.up ? 1 : -1;
      this.left.sort((a, b) => {
        const [x, y] = [this.value(a, this.column), this.value(b, this.column)];
        return x < y ? -sign : x > y ? sign : 0;
      });
      this.table.sorted(this.column, this.up);
    }
    this.count.textContent = this.left.length ? fill(this.says[0], this.left.length, this.rows.length) : t(this.says[1]);
    this.table.show(this.left);
  }
}
