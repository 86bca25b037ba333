//! Two reports side by side.
//!
//! [`diff`] says what changed on one host from one audit to the next. [`cross_view`] sets the report
//! of a running host beside the report of its disk: what the running kernel did not show.
//!
//! Both stand on [`items`], which knows nothing of reports or hosts: it takes two lists of items and
//! [`Kinds`], the natures that the kinds declare of themselves. [`form`] is what two items are
//! compared by, and may be stored.

mod cross;
mod diff;
mod findings;
mod form;
mod items;
mod kinds;
mod side;

pub use cross::{CROSS_SCHEMA, CrossView, TwoFaced, Unseen, cross_view};
pub use diff::{DIFF_SCHEMA, Diff, diff};
pub use findings::{FindingChanges, GapChanges, Graded};
pub use form::{PLACED, form, form_of, has_place};
pub use items::{FieldChange, ItemChange, ItemChanges, items};
pub use kinds::{CORE, Kind, Kinds, PLACES, places};
pub use side::{LeftOut, Side, did_its_work, one_host};

#[cfg(test)]
mod tests;
