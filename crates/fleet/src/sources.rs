//! Which reports are meant: files, folders of them, patterns, buckets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use coroner_core::Text;
use walkdir::WalkDir;

use crate::bucket::{Bucket, BucketError, BucketSettings, Place};
use crate::read::{self, Refused};

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
    /// A bucket that was not listed to its end.
    #[error("{0}")]
    Bucket(#[from] BucketError),
}

/// One that may be a report.
#[derive(Debug, Clone, Copy)]
pub enum Source<'s> {
    /// A file.
    File(&'s Path),
    /// An object of a bucket, by its key.
    Object(&'s Bucket, &'s str),
}

impl Source<'_> {
    /// What it is called.
    pub fn name(&self) -> Text {
        match self {
            Self::File(path) => Text::new(path.as_os_str().as_encoded_bytes()),
            Self::Object(bucket, key) => Text::from(bucket.name_of(key)),
        }
    }

    /// What is in it, unpacked.
    pub(crate) fn json(&self, largest: u64) -> Result<Vec<u8>, Refused> {
        match self {
            Self::File(path) => read::file(path, largest),
            Self::Object(bucket, key) => read::unpacked(bucket.open(key)?, largest),
        }
    }
}

/// What a bucket has to read.
#[derive(Debug)]
struct Objects {
    bucket: Bucket,
    keys: BTreeSet<String>,
}

/// What is to be read, sorted, each once; and what could not be looked at.
#[derive(Debug, Default)]
pub struct Sources {
    files: BTreeSet<PathBuf>,
    buckets: Vec<Objects>,
    /// What could not be listed or asked for, and why.
    pub(crate) unlisted: Vec<(Text, String)>,
}

impl Sources {
    /// Of names from a command line; buckets are listed at once. Links to folders below them are not followed.
    ///
    /// # Errors
    /// A name that leads nowhere (somebody mistyped it), or a bucket that cannot be listed.
    pub fn of(names: &[String], settings: &BucketSettings) -> Result<Self, SourceError> {
        let mut out = Self::default();
        for name in names {
            let path = Path::new(name);
            if let Some(place) = Place::of(name) {
                out.add_bucket(&place?, settings)?;
            } else if path.exists() {
                out.add(path);
            } else {
                out.add_pattern(name)?;
            }
        }
        Ok(out)
    }

    /// All that may be reports, files first.
    pub fn all(&self) -> impl Iterator<Item = Source<'_>> {
        let objects = self.buckets.iter().flat_map(|objects| {
            objects.keys.iter().map(|key| Source::Object(&objects.bucket, key))
        });
        self.files.iter().map(|path| Source::File(path)).chain(objects)
    }

    fn add_bucket(
        &mut self,
        place: &Place<'_>,
        settings: &BucketSettings,
    ) -> Result<(), SourceError> {
        let bucket = Bucket::new(place.bucket, settings)?;
        let listed = bucket.list(place.prefix)?;
        let unfit = listed.unfit.into_iter();
        self.unlisted
            .extend(unfit.map(|(key, why)| (Text::from(bucket.name_of(&key)), why.to_owned())));
        self.buckets.push(Objects { bucket, keys: listed.keys });
        Ok(())
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
                    self.unlisted.push((name(error.path()), why));
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
                    let place = name(error.path().unwrap_or(path));
                    self.unlisted.push((place, error.to_string()));
                }
            }
        }
    }
}

fn name(path: &Path) -> Text {
    Source::File(path).name()
}
