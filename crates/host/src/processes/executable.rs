//! The file a process runs, by device and inode and not by what its name says.

use coroner_parse::Text;
use coroner_parse::process::ExecutableName;

use crate::root::stat_of;
use crate::{HostPath, ReadError, Root, Stat};

use super::ProcessDir;

/// What lies now where the program's name says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDisk {
    /// The very file that runs.
    Same,
    /// Nothing.
    Gone,
    /// Another file: it was replaced, or something is mounted over it.
    Other,
    /// It could not be looked at.
    Unknown,
}

/// The file a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executable {
    /// Its path in the process's own root, without the kernel's mark for deleted files.
    pub path: HostPath,
    /// No directory names it any more.
    pub deleted: bool,
    /// It is memory (`memfd_create(2)`) of this name.
    pub memory: Option<Text>,
    /// What it is; `None` where the kernel would not say.
    pub stat: Option<Stat>,
    /// What lies at `path` in the process's own root.
    pub on_disk: OnDisk,
    /// The host's own root has this very file, or once had one, at `path`: its packages may speak of it. What
    /// the process's control group is called does not matter: anybody may name one.
    pub of_host: bool,
    /// The process shares the host's root and yet sees this file alone: something is mounted in a namespace
    /// of its own.
    pub private: bool,
}

impl Executable {
    pub(super) fn read(dir: &ProcessDir, host: &Root) -> Result<Self, ReadError> {
        let link = dir.link("exe")?;
        let name = ExecutableName::new(link.as_bytes());
        let stat = match dir.follow("exe") {
            Ok(handle) => stat_of(&handle).ok(),
            // A test's tree: the file is where its name says.
            Err(_) => host.stat_followed(&HostPath::new(link.as_bytes())).ok(),
        };
        let roots = Roots { dir, host };
        Ok(roots.place(&link, &name, stat))
    }
}

/// What came of looking a name up.
struct Found {
    on_disk: OnDisk,
    of_host: bool,
    private: bool,
}

/// The two roots in which a name may be looked up.
struct Roots<'a> {
    dir: &'a ProcessDir,
    host: &'a Root,
}

impl Roots<'_> {
    fn place(&self, link: &Text, name: &ExecutableName, stat: Option<Stat>) -> Executable {
        // A file may be called `x (deleted)`: then the whole text is the name of the very file.
        let whole = HostPath::new(link.as_bytes());
        let literal =
            name.marked_deleted && self.look(&whole, stat.as_ref()).on_disk == OnDisk::Same;
        let deleted = name.marked_deleted && !literal;
        let memory = name.memory().filter(|_| deleted);
        let path = if literal { whole } else { HostPath::new(name.path.as_bytes()) };
        let found = match memory {
            Some(_) => Found { on_disk: OnDisk::Gone, of_host: false, private: false },
            None => self.look(&path, stat.as_ref()),
        };
        let Found { on_disk, of_host, private } = found;
        Executable { path, deleted, memory, stat, on_disk, of_host, private: private && !deleted }
    }

    /// The host's root first, because nearly every process's file is there; then the process's own.
    fn look(&self, path: &HostPath, stat: Option<&Stat>) -> Found {
        let at_host = compare(self.host.stat_followed(path), stat);
        if !self.dir.is_the_kernels() {
            // A test says by a link what is the kernel's to know.
            let of_host = self.dir.link("root").is_ok_and(|root| root == "/");
            return Found {
                on_disk: at_host,
                of_host,
                private: of_host && at_host == OnDisk::Gone,
            };
        }
        if at_host == OnDisk::Same {
            return Found { on_disk: OnDisk::Same, of_host: true, private: false };
        }
        let Some(own) = self.own_root() else {
            return Found { on_disk: OnDisk::Unknown, of_host: false, private: false };
        };
        let on_disk = compare(own.stat_followed(path), stat);
        let of_host = self.is_the_hosts(&own);
        let hidden = matches!(at_host, OnDisk::Gone | OnDisk::Other);
        Found { on_disk, of_host, private: of_host && hidden && on_disk == OnDisk::Same }
    }

    fn is_the_hosts(&self, own: &Root) -> bool {
        let top = HostPath::new("/");
        match (own.stat(&top), self.host.stat(&top)) {
            (Ok(own), Ok(host)) => own.is_same_file(&host),
            _ => false,
        }
    }

    fn own_root(&self) -> Option<Root> {
        Root::from_dir(self.dir.follow("root").ok()?, false).ok()
    }
}

fn compare(found: Result<Stat, ReadError>, stat: Option<&Stat>) -> OnDisk {
    match (found, stat) {
        (Err(ReadError::Absent), _) => OnDisk::Gone,
        (Ok(found), Some(stat)) if found.is_same_file(stat) => OnDisk::Same,
        // Also when the file that runs is unknown: a test's tree has none that is deleted.
        (Ok(_), _) => OnDisk::Other,
        (Err(_), _) => OnDisk::Unknown,
    }
}
