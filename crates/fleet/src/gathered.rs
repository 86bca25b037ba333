//! Rows column by column, texts as numbers, and the order in which a file has them.

use rayon::prelude::*;

use crate::names::Names;
use crate::table::{Cell, Column, Table};

/// Columns that a table may be sorted by.
const MOST_SORTED: usize = 6;

/// Rows of one table and one day, column by column.
#[derive(Debug)]
pub(crate) struct Gathered {
    columns: Vec<Gathering>,
    rows: u32,
}

/// A column: numbers, or the numbers of its texts.
#[derive(Debug)]
pub(crate) enum Gathering {
    Texts(Vec<u32>),
    Numbers(Vec<i64>),
}

/// The rows of a table's file.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub(crate) columns: Vec<Gathering>,
    /// The numbers of the rows, in the order of the file.
    pub(crate) order: Vec<u32>,
}

impl Gathered {
    pub(crate) fn of(table: &Table) -> Self {
        let column = |column: &Column| match column {
            Column::Text(_) => Gathering::Texts(Vec::new()),
            Column::Number(_) => Gathering::Numbers(Vec::new()),
        };
        Self { columns: table.columns.iter().map(column).collect(), rows: 0 }
    }

    pub(crate) fn push<'r>(&mut self, cells: impl Iterator<Item = Cell<'r>>, names: &mut Names) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match cell {
                Cell::Text(text) => column.text(names.number(text)),
                Cell::Known(text) => column.text(text),
                Cell::Number(number) => column.number(number),
            }
        }
        self.rows += 1;
    }

    /// By the columns that its table is sorted by, which are text.
    pub(crate) fn sorted(self, table: &Table, names: &Names) -> Sorted {
        let columns = table.sort_columns();
        let columns = columns.iter().filter_map(|at| self.columns.get(*at)?.texts());
        let columns: Vec<&[u32]> = columns.take(MOST_SORTED).collect();
        let ranks = names.ranks(columns.iter().flat_map(|column| column.iter().copied()));
        let rank = |text: u32| usize::try_from(text).ok().and_then(|at| ranks.get(at)).copied();
        let mut keyed: Vec<([u32; MOST_SORTED], u32)> =
            (0..self.rows).map(|row| ([0; MOST_SORTED], row)).collect();
        for (at, column) in columns.iter().enumerate() {
            for ((key, _), text) in keyed.iter_mut().zip(*column) {
                if let (Some(place), Some(rank)) = (key.get_mut(at), rank(*text)) {
                    *place = rank;
                }
            }
        }
        keyed.par_sort_unstable();
        Sorted { order: keyed.into_iter().map(|(_, row)| row).collect(), columns: self.columns }
    }
}

/// A cell of another type would leave a column short, and the writer refuses that.
impl Gathering {
    fn text(&mut self, text: u32) {
        if let Self::Texts(texts) = self {
            texts.push(text);
        }
    }

    fn number(&mut self, number: i64) {
        if let Self::Numbers(numbers) = self {
            numbers.push(number);
        }
    }

    fn texts(&self) -> Option<&[u32]> {
        match self {
            Self::Texts(texts) => Some(texts),
            Self::Numbers(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{BATCHED, EXPECTED, ROLES};

    #[test]
    fn every_table_is_sorted_by_texts_that_a_key_has_room_for() {
        for table in BATCHED.into_iter().chain([&ROLES, &EXPECTED]) {
            let columns = table.sort_columns();
            assert_eq!(columns.len(), table.order.len(), "{}", table.name);
            assert!(columns.len() <= MOST_SORTED, "{}", table.name);
            let text = |at: &usize| matches!(table.columns[*at], Column::Text(_));
            assert!(columns.iter().all(text), "{}", table.name);
        }
    }

    #[test]
    fn rows_are_sorted_by_their_texts_and_equal_ones_stay_in_order() {
        let mut names = Names::default();
        let mut gathered = Gathered::of(&ROLES);
        for (host, role) in [("b", "1"), ("a", "2"), ("b", "3"), ("", "4")] {
            gathered.push([host, role, "label"].map(Cell::Text).into_iter(), &mut names);
        }
        assert_eq!(gathered.sorted(&ROLES, &names).order, [3, 1, 0, 2]);
    }
}
