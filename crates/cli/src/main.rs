//! The coroner command.
fn main() {}
