use std::path::Path;

use crate::{BuildError, Built};

pub fn golden(_root: &Path) -> Result<Built, BuildError> {
    Ok(Built::default())
}
