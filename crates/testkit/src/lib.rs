//! Fixture roots and rule cases for tests.
//!
//! A [`Tree`] is a root made of literal bytes, with owners, modes, links, pipes and holes that git
//! cannot hold. A rule case is a tree, in TOML, and the findings it must give; [`run_cases`] runs
//! a folder of them and insists that every rule has a case that fires it and one near miss.

mod audit;
mod cases;
mod packages;
mod processes;
mod tree;

pub use audit::{Fixture, audit};
pub use cases::run_cases;
pub use packages::FixturePackages;
pub use tree::{Node, Tree};
