//! An engine that is asked.

use coroner_fleet::{Columns, Engine, EngineError, Query, Sheet, Values, rows};

use crate::failure::Failure;

/// An engine, and the values for what it is asked.
pub(crate) struct Asked<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) values: Values,
}

impl Asked<'_> {
    pub(crate) fn fill(
        &self,
        query: &Query,
        sheet: &mut dyn Sheet,
        limit: usize,
    ) -> Result<(), Failure> {
        let answer = self.engine.ask(query, &self.values)?;
        sheet.start(&Columns::of(&answer.schema()))?;
        let mut left = limit;
        for batch in answer {
            let pieces = rows(&batch?).map_err(|error| EngineError::Engine(error.into()))?;
            for row in pieces {
                if left == 0 || sheet.is_full() {
                    return Ok(sheet.end(true)?);
                }
                left -= 1;
                sheet.row(row)?;
            }
        }
        Ok(sheet.end(false)?)
    }
}
