//! A package and its files, from an rpm header.

use super::header::{Header, Tag};
use super::immutable::Immutable;
use crate::{Algorithm, Digest};

/// One installed package.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Epoch; `None` counts as 0.
    pub epoch: Option<u64>,
    /// Upstream version.
    pub version: &'a [u8],
    /// Packager's release.
    pub release: &'a [u8],
    /// Architecture; `None` for the pseudo-packages that hold signing keys.
    pub arch: Option<&'a [u8]>,
    /// Who says that they built it.
    pub vendor: Option<&'a [u8]>,
    /// When it was installed, seconds since 1970.
    pub installed: Option<u64>,
    header: Header<'a>,
    /// Where what was added at installation is: the states of files.
    whole: Header<'a>,
}

/// What a package says of one of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File<'a> {
    /// Its directory, with a slash at the end; empty in packages from before rpm 4.
    pub directory: &'a [u8],
    /// The rest of its path.
    pub name: &'a [u8],
    /// The content's digest; `None` for what is no regular file.
    pub digest: Option<Digest>,
    /// Bytes.
    pub size: Option<u64>,
    /// Type and permission bits.
    pub mode: Option<u16>,
    /// Configuration file, ghost, ...
    pub flags: FileFlags,
    /// What became of it at installation.
    pub state: FileState,
    /// Name of the owning user.
    pub user: Option<&'a [u8]>,
    /// Name of the owning group.
    pub group: Option<&'a [u8]>,
    /// A symbolic link's target.
    pub link: Option<&'a [u8]>,
    /// Capabilities as text (`cap_to_text(3)`), where the package sets them.
    pub capabilities: Option<&'a [u8]>,
}

/// A file's flags (`rpmfileAttrs` in `include/rpm/rpmfiles.h`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileFlags(pub u32);

impl FileFlags {
    /// `%config`: an administrator may change it.
    pub const fn is_config(self) -> bool {
        self.0 & 1 != 0
    }

    /// `%doc`.
    pub const fn is_doc(self) -> bool {
        self.0 & (1 << 1) != 0
    }

    /// `%config(missingok)`: it need not be there.
    pub const fn may_be_missing(self) -> bool {
        self.0 & (1 << 3) != 0
    }

    /// `%ghost`: owned and not shipped; its content is made on the host.
    pub const fn is_ghost(self) -> bool {
        self.0 & (1 << 6) != 0
    }

    /// An artifact of the build, such as a build id link.
    pub const fn is_artifact(self) -> bool {
        self.0 & (1 << 12) != 0
    }
}

/// What became of a file at installation (`rpmfileState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// It was put on the disk.
    Normal,
    /// Another package's file of the same name replaced it.
    Replaced,
    /// Left out: documentation or languages that this host does not take.
    NotInstalled,
    /// On a share of the network that another host writes.
    NetShared,
    /// Another architecture's file of the same name was preferred.
    WrongColor,
    /// A number that rpm does not have, or none.
    Unknown,
}

impl<'a> Package<'a> {
    /// Reads the package's name and version.
    ///
    /// # Errors
    /// In a few words, when the header has none.
    pub fn new(header: Header<'a>) -> Result<Self, &'static str> {
        Self::of(header, header)
    }

    /// The same from the signed region alone, but for when it was installed and what became of its
    /// files then, which the host adds.
    ///
    /// # Errors
    /// In a few words, when the region has no name.
    pub fn signed(region: Immutable<'a>, whole: Header<'a>) -> Result<Self, &'static str> {
        Self::of(region.header(), whole)
    }

    fn of(header: Header<'a>, whole: Header<'a>) -> Result<Self, &'static str> {
        let name = header.text(Tag::Name).ok_or("no package name")?;
        Ok(Self {
            name,
            epoch: header.number(Tag::Epoch),
            version: header.text(Tag::Version).unwrap_or_default(),
            release: header.text(Tag::Release).unwrap_or_default(),
            arch: header.text(Tag::Arch),
            vendor: header.text(Tag::Vendor),
            installed: whole.number(Tag::InstallTime),
            header,
            whole,
        })
    }

    /// Its files, in the package's order.
    pub fn files(&self) -> Files<'a> {
        Files::new(self.header, self.whole)
    }
}

/// Directories that one package may name: a header of nothing but zero bytes names as many as it
/// has bytes.
const MOST_DIRECTORIES: usize = 1 << 20;

type Texts<'a> = Box<dyn Iterator<Item = &'a [u8]> + 'a>;
type Numbers<'a> = Box<dyn Iterator<Item = u64> + 'a>;

/// The files of a package: the header's columns read side by side, each from its own start.
pub struct Files<'a> {
    directories: Vec<&'a [u8]>,
    names: Texts<'a>,
    indexes: Numbers<'a>,
    digests: Texts<'a>,
    algorithm: Algorithm,
    sizes: Numbers<'a>,
    modes: Numbers<'a>,
    flags: Numbers<'a>,
    states: Numbers<'a>,
    users: Texts<'a>,
    groups: Texts<'a>,
    links: Texts<'a>,
    capabilities: Texts<'a>,
}

impl<'a> Files<'a> {
    fn new(header: Header<'a>, whole: Header<'a>) -> Self {
        let texts = |tag| Box::new(header.texts(tag)) as Texts<'a>;
        let numbers = |tag| Box::new(header.numbers(tag)) as Numbers<'a>;
        let whole_paths = header.text(Tag::BaseNames).is_none();
        let long_sizes = header.number(Tag::LongFileSizes).is_some();
        Self {
            directories: header.texts(Tag::DirNames).take(MOST_DIRECTORIES).collect(),
            names: texts(if whole_paths { Tag::OldFileNames } else { Tag::BaseNames }),
            indexes: numbers(Tag::DirIndexes),
            digests: texts(Tag::FileDigests),
            algorithm: algorithm(header.number(Tag::FileDigestAlgo)),
            sizes: numbers(if long_sizes { Tag::LongFileSizes } else { Tag::FileSizes }),
            modes: numbers(Tag::FileModes),
            flags: numbers(Tag::FileFlags),
            states: Box::new(whole.numbers(Tag::FileStates)),
            users: texts(Tag::FileUserName),
            groups: texts(Tag::FileGroupName),
            links: texts(Tag::FileLinkTos),
            capabilities: texts(Tag::FileCaps),
        }
    }

    fn digest(&mut self) -> Option<Digest> {
        let digest = Digest::from_hex(self.digests.next()?)?;
        // Very old packages of an algorithm's change may carry another length: then it is none.
        (digest.algorithm() == self.algorithm).then_some(digest)
    }

    fn directory(&mut self) -> &'a [u8] {
        let index = self.indexes.next().and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.directories.get(index)).copied().unwrap_or_default()
    }
}

impl<'a> Iterator for Files<'a> {
    type Item = File<'a>;

    fn next(&mut self) -> Option<File<'a>> {
        let filled = |text: &&[u8]| !text.is_empty();
        let name = self.names.next()?;
        Some(File {
            directory: self.directory(),
            name,
            digest: self.digest(),
            size: self.sizes.next(),
            mode: self.modes.next().and_then(|mode| u16::try_from(mode).ok()),
            flags: FileFlags(self.flags.next().and_then(|f| u32::try_from(f).ok()).unwrap_or(0)),
            state: self.states.next().map_or(FileState::Unknown, state),
            user: self.users.next().filter(filled),
            group: self.groups.next().filter(filled),
            link: self.links.next().filter(filled),
            capabilities: self.capabilities.next().filter(filled),
        })
    }
}

/// `RFC 4880` numbers; MD5 where the header names none.
fn algorithm(number: Option<u64>) -> Algorithm {
    match number {
        Some(2) => Algorithm::Sha1,
        Some(8) => Algorithm::Sha256,
        Some(9) => Algorithm::Sha384,
        Some(10) => Algorithm::Sha512,
        _ => Algorithm::Md5,
    }
}

fn state(number: u64) -> FileState {
    match number {
        0 => FileState::Normal,
        1 => FileState::Replaced,
        2 => FileState::NotInstalled,
        3 => FileState::NetShared,
        4 => FileState::WrongColor,
        _ => FileState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::fixture::{Value, header};
    use super::*;
    use proptest::prelude::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn blob() -> Vec<u8> {
        header(&[
            (Tag::Name, Value::Text("tool")),
            (Tag::Version, Value::Text("1.2")),
            (Tag::Release, Value::Text("3.el9")),
            (Tag::InstallTime, Value::N32(&[1_700_000_000])),
            (Tag::Arch, Value::Text("x86_64")),
            (Tag::FileSizes, Value::N32(&[0, 10, 5])),
            (Tag::FileStates, Value::N8(&[0, 2, 0])),
            (Tag::FileModes, Value::N16(&[0o100_755, 0o100_644, 0o120_777])),
            (Tag::FileDigests, Value::Texts(&[SHA256, SHA256, ""])),
            (Tag::FileLinkTos, Value::Texts(&["", "", "tool"])),
            (Tag::FileFlags, Value::N32(&[0, 2 | 1 << 6, 1])),
            (Tag::FileUserName, Value::Texts(&["root", "root", "root"])),
            (Tag::DirIndexes, Value::N32(&[0, 1, 7])),
            (Tag::BaseNames, Value::Texts(&["tool", "README", "alias"])),
            (Tag::DirNames, Value::Texts(&["/usr/bin/", "/usr/share/doc/tool/"])),
            (Tag::FileDigestAlgo, Value::N32(&[8])),
        ])
    }

    #[test]
    fn a_package_gives_its_name_version_and_time_of_installation() {
        let blob = blob();
        let package = Package::new(Header::parse(&blob).unwrap()).unwrap();
        assert_eq!(
            (package.name, package.version, package.release),
            (&b"tool"[..], &b"1.2"[..], &b"3.el9"[..])
        );
        assert_eq!((package.epoch, package.installed), (None, Some(1_700_000_000)));
    }

    #[test]
    fn columns_are_joined_to_files_and_a_wild_directory_index_gives_no_directory() {
        let blob = blob();
        let files: Vec<_> = Package::new(Header::parse(&blob).unwrap()).unwrap().files().collect();
        assert_eq!(files.len(), 3);
        assert_eq!((files[0].directory, files[0].name), (&b"/usr/bin/"[..], &b"tool"[..]));
        assert_eq!(files[0].digest.as_ref().unwrap().hex(), SHA256);
        assert_eq!(
            (files[0].mode, files[0].size, files[0].user),
            (Some(0o100_755), Some(0), Some(&b"root"[..]))
        );
        assert_eq!(files[1].state, FileState::NotInstalled);
        assert!(
            files[1].flags.is_ghost() && files[1].flags.is_doc() && !files[1].flags.is_config()
        );
        assert_eq!((files[2].digest.as_ref(), files[2].link), (None, Some(&b"tool"[..])));
        assert_eq!(files[2].directory, b"");
    }

    #[test]
    fn a_digest_of_another_algorithm_than_the_header_says_is_none() {
        let blob = header(&[
            (Tag::Name, Value::Text("old")),
            (Tag::OldFileNames, Value::Texts(&["/bin/a"])),
            (Tag::FileDigests, Value::Texts(&[SHA256])),
        ]);
        let files: Vec<_> = Package::new(Header::parse(&blob).unwrap()).unwrap().files().collect();
        assert_eq!((files[0].name, &files[0].digest), (&b"/bin/a"[..], &None));
    }

    proptest! {
        #[test]
        fn no_damage_to_a_header_makes_it_panic(at in 0usize..700, bytes: [u8; 4]) {
            let mut blob = blob();
            for (target, byte) in blob.iter_mut().skip(at).zip(bytes) {
                *target = byte;
            }
            if let Ok(package) = Header::parse(&blob).and_then(Package::new) {
                prop_assert!(package.files().count() <= blob.len());
            }
        }
    }
}
