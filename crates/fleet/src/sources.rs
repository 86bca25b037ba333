//! Which files are meant: reports, folders of them, patterns.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// Why what was named cannot be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing of that name, and no pattern that fits anything.
    #[error("{0}: there is no such file or folder")]
    Absent(String),
    /// A pattern that means nothing.
    #[error("{0}: {1}")]
    Pattern(String, glob::PatternError),
}

/// The files, sorted, each once; and the names below folders that could not be looked at.
#[derive(Debug, Default)]
pub struct Sources {
    /// Files to read.
    pub files: BTreeSet<PathBuf>,
    /// What could not be listed, and why.
    pub unlisted: Vec<(PathBuf, String)>,
}

impl Sources {
    /// Of names from a command line. Links to folders below them are not followed.
    ///
    /// # Errors
    /// A name that leads nowhere: somebody mistyped it.
    pub fn of(names: &[String]) -> Result<Self, SourceError> {
        let mut out = Self::default();
        for name in names {
            let path = Path::new(name);
            if path.exists() {
                out.add(path);
            } else {
                out.add_pattern(name)?;
            }
        }
        Ok(out)
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), SourceError> {
        let found =
            glob::glob(pattern).map_err(|error| SourceError::Pattern(pattern.to_owned(), error))?;
        let mut any = false;
        for entry in found {
            any = true;
            match entry {
                Ok(path) => self.add(&path),
                Err(error) => {
                    let why = error.error().to_string();
                    self.unlisted.push((error.path().to_owned(), why));
                }
            }
        }
        if any { Ok(()) } else { Err(SourceError::Absent(pattern.to_owned())) }
    }

    fn add(&mut self, path: &Path) {
        if !path.is_dir() {
            self.files.insert(path.to_owned());
            return;
        }
        for entry in WalkDir::new(path).sort_by_file_name() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => drop(self.files.insert(entry.into_path())),
                Err(error) => {
                    let place = error.path().unwrap_or(path).to_owned();
                    self.unlisted.push((place, error.to_string()));
                }
            }
        }
    }
}
