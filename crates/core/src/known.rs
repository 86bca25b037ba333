//! What an earlier audit found out about the content of files that have not changed since.

use coroner_host::Stat;
use coroner_parse::elf::ElfFacts;
use coroner_parse::{Algorithm, Digest, Text};
use serde::{Deserialize, Serialize};

/// What the content of a named file comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContentFacts {
    /// Its SHA-256; none when it is too large.
    pub sha256: Option<Digest>,
    /// Its digest by the algorithm of its package.
    pub matching: Option<Digest>,
    /// What its ELF headers say.
    pub elf: Option<ElfFacts>,
    /// The first line of a script.
    pub shebang: Option<Text>,
    /// `security.capability`, in lower-case hexadecimal.
    pub capabilities: Option<String>,
}

impl ContentFacts {
    /// Whether it has the digest that a package asks for.
    pub(crate) fn answers(&self, wanted: Option<Algorithm>) -> bool {
        self.matching.as_ref().map(Digest::algorithm) == wanted
    }
}

/// Content by what stat says of the file: device, inode, size, times of content and inode. The time
/// of the inode (ctime) is the kernel's own, so that restored sizes and times do not fool it.
///
/// Whoever keeps this on the audited host lets an intruder forge it.
pub trait KnownContent: Send + Sync {
    /// It knows nothing, so asking costs more than it gives.
    fn is_blank(&self) -> bool;

    /// The digest of an unchanged file by this algorithm.
    fn digest(&self, stat: &Stat, algorithm: Algorithm) -> Option<Digest>;

    /// Keeps a digest.
    fn keep_digest(&self, stat: &Stat, digest: &Digest);

    /// The facts of an unchanged file's content.
    fn facts(&self, stat: &Stat) -> Option<ContentFacts>;

    /// Keeps facts.
    fn keep_facts(&self, stat: &Stat, facts: &ContentFacts);
}

/// Knows nothing: every file is read.
#[derive(Debug, Clone, Copy)]
pub struct NothingKnown;

impl KnownContent for NothingKnown {
    fn is_blank(&self) -> bool {
        true
    }

    fn digest(&self, _: &Stat, _: Algorithm) -> Option<Digest> {
        None
    }

    fn keep_digest(&self, _: &Stat, _: &Digest) {}

    fn facts(&self, _: &Stat) -> Option<ContentFacts> {
        None
    }

    fn keep_facts(&self, _: &Stat, _: &ContentFacts) {}
}
