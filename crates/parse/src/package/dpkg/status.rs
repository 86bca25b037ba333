//! /var/lib/dpkg/status: one stanza per package (`deb-control(5)` with dpkg's own fields).

use crate::Digest;
use crate::{BadLine, Line};

/// One package that dpkg knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package<'a> {
    /// Its name, without architecture.
    pub name: &'a [u8],
    /// Its version; empty for a package that was never unpacked.
    pub version: &'a [u8],
    /// Its architecture; `all` for packages without one.
    pub architecture: &'a [u8],
    /// Whether several architectures can be installed beside each other.
    pub multi_arch: MultiArch,
    /// What the administrator wants with it.
    pub want: Want,
    /// How far dpkg got with it.
    pub state: State,
    /// The source package, where it has another name.
    pub source: Option<&'a [u8]>,
    /// KiB that it takes on the disk, by its builder's estimate.
    pub installed_size: Option<u64>,
    /// Configuration files and their digests as shipped.
    pub conffiles: Vec<Conffile<'a>>,
}

/// The `Multi-Arch` field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MultiArch {
    /// Not given, or `no`.
    #[default]
    No,
    /// `same`: its info files are named `name:architecture.*`.
    Same,
    /// `foreign`.
    Foreign,
    /// `allowed`.
    Allowed,
}

/// The first word of `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// `install`.
    Install,
    /// `hold`.
    Hold,
    /// `deinstall`.
    Deinstall,
    /// `purge`.
    Purge,
    /// Anything else.
    Unknown,
}

/// The last word of `Status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing of it is on the disk.
    NotInstalled,
    /// Removed; its configuration files stayed.
    ConfigFiles,
    /// Unpacking began and did not end: some files may be old, new or absent.
    HalfInstalled,
    /// Unpacked, not configured.
    Unpacked,
    /// Unpacked, configuring failed.
    HalfConfigured,
    /// Waits for another package's trigger.
    TriggersAwaited,
    /// Its own trigger was not run yet.
    TriggersPending,
    /// Installed.
    Installed,
    /// A word that dpkg does not have.
    Unknown,
}

impl State {
    /// All of its files are on the disk, as the package shipped them.
    pub const fn is_unpacked(self) -> bool {
        matches!(
            self,
            Self::Unpacked
                | Self::HalfConfigured
                | Self::TriggersAwaited
                | Self::TriggersPending
                | Self::Installed
        )
    }
}

/// One line of the `Conffiles` field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conffile<'a> {
    /// Absolute path.
    pub path: &'a [u8],
    /// The digest of the file as the package shipped it.
    pub digest: ConffileDigest,
    /// The package's present version does not have it any more.
    pub obsolete: bool,
    /// The next upgrade removes it.
    pub remove_on_upgrade: bool,
}

/// What stands where a configuration file's MD5 should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConffileDigest {
    /// The digest.
    Known(Digest),
    /// `newconffile`: unpacked and not configured yet.
    New,
    /// Something else.
    Bad,
}

/// Configuration files that one package may have; real ones have at most a few hundred.
const MOST_CONFFILES: usize = 100_000;

/// The packages of a status file; a stanza that is no package costs that stanza alone.
pub fn packages(content: &[u8]) -> impl Iterator<Item = Result<Package<'_>, BadLine>> {
    Stanzas { lines: Lines { rest: content, number: 0 } }
}

/// Lines found with memchr, without the limit of [`crate::lines`]: descriptions and dependencies
/// may be long, and a long line here is skipped as quickly as it is found.
struct Lines<'a> {
    rest: &'a [u8],
    number: u32,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let (bytes, rest) = self.rest.split_at(end);
        self.rest = rest.get(1..).unwrap_or_default();
        self.number = self.number.saturating_add(1);
        Some(Line { number: self.number, bytes })
    }
}

struct Stanzas<'a> {
    lines: Lines<'a>,
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = Result<Package<'a>, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.lines.by_ref().find(|line| !line.bytes.trim_ascii().is_empty())?;
        let mut stanza = Stanza::default();
        let mut line = Some(first);
        while let Some(current) = line.filter(|line| !line.bytes.trim_ascii().is_empty()) {
            stanza.take(current.bytes);
            line = self.lines.next();
        }
        Some(stanza.into_package().map_err(|reason| BadLine::new(first, reason)))
    }
}

/// The fields of one stanza as they come; a field given twice counts once, the last time, as dpkg
/// would refuse the file and an intruder gains nothing by either.
#[derive(Default)]
struct Stanza<'a> {
    name: &'a [u8],
    version: &'a [u8],
    architecture: &'a [u8],
    multi_arch: MultiArch,
    status: &'a [u8],
    source: Option<&'a [u8]>,
    installed_size: Option<u64>,
    conffiles: Vec<Conffile<'a>>,
    in_conffiles: bool,
}

impl<'a> Stanza<'a> {
    fn take(&mut self, line: &'a [u8]) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            if self.in_conffiles && self.conffiles.len() <= MOST_CONFFILES {
                self.conffiles.extend(conffile(line.trim_ascii()));
            }
            return;
        }
        self.in_conffiles = false;
        let Some(colon) = memchr::memchr(b':', line) else { return };
        let (field, value) = line.split_at(colon);
        self.set(field, value.get(1..).unwrap_or_default().trim_ascii());
    }

    fn set(&mut self, field: &[u8], value: &'a [u8]) {
        match field.len() {
            7 if field.eq_ignore_ascii_case(b"package") => self.name = value,
            7 if field.eq_ignore_ascii_case(b"version") => self.version = value,
            12 if field.eq_ignore_ascii_case(b"architecture") => self.architecture = value,
            10 if field.eq_ignore_ascii_case(b"multi-arch") => self.multi_arch = multi_arch(value),
            6 if field.eq_ignore_ascii_case(b"status") => self.status = value,
            6 if field.eq_ignore_ascii_case(b"source") => self.source = Some(value),
            14 if field.eq_ignore_ascii_case(b"installed-size") => {
                self.installed_size = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
            }
            9 if field.eq_ignore_ascii_case(b"conffiles") => self.in_conffiles = true,
            _ => {}
        }
    }

    fn into_package(self) -> Result<Package<'a>, &'static str> {
        if !is_name(self.name) {
            return Err("no package name");
        }
        if self.conffiles.len() > MOST_CONFFILES {
            return Err("too many configuration files");
        }
        let mut words = self.status.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (want, _flag, state) = (words.next(), words.next(), words.next());
        Ok(Package {
            name: self.name,
            version: self.version,
            architecture: self.architecture,
            multi_arch: self.multi_arch,
            want: want.map_or(Want::Unknown, parse_want),
            state: state.map_or(State::Unknown, parse_state),
            source: self.source,
            installed_size: self.installed_size,
            conffiles: self.conffiles,
        })
    }
}

/// A package's name goes into file names, so it must not be able to leave its directory
/// (`deb-control(5)`; dpkg itself allows upper case and a few more signs).
fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-._~:".contains(byte);
    name.first().is_some_and(u8::is_ascii_alphanumeric) && name.iter().all(allowed)
}

fn multi_arch(value: &[u8]) -> MultiArch {
    match value {
        b"same" => MultiArch::Same,
        b"foreign" => MultiArch::Foreign,
        b"allowed" => MultiArch::Allowed,
        _ => MultiArch::No,
    }
}

fn parse_want(word: &[u8]) -> Want {
    match word {
        b"install" => Want::Install,
        b"hold" => Want::Hold,
        b"deinstall" => Want::Deinstall,
        b"purge" => Want::Purge,
        _ => Want::Unknown,
    }
}

fn parse_state(word: &[u8]) -> State {
    match word {
        b"not-installed" => State::NotInstalled,
        b"config-files" => State::ConfigFiles,
        b"half-installed" => State::HalfInstalled,
        b"unpacked" => State::Unpacked,
        b"half-configured" => State::HalfConfigured,
        b"triggers-awaited" => State::TriggersAwaited,
        b"triggers-pending" => State::TriggersPending,
        b"installed" => State::Installed,
        _ => State::Unknown,
    }
}

/// `PATH MD5 [obsolete] [remove-on-upgrade]`, read from its end as a path may hold spaces.
fn conffile(line: &[u8]) -> Option<Conffile<'_>> {
    let (line, remove_on_upgrade) = strip_flag(line, b" remove-on-upgrade");
    let (line, obsolete) = strip_flag(line, b" obsolete");
    let space = memchr::memrchr(b' ', line)?;
    let (path, word) = line.split_at(space);
    let digest = match word.trim_ascii_start() {
        b"newconffile" => ConffileDigest::New,
        hex => Digest::from_hex(hex).map_or(ConffileDigest::Bad, ConffileDigest::Known),
    };
    let path = path.trim_ascii_end();
    path.starts_with(b"/").then_some(Conffile { path, digest, obsolete, remove_on_upgrade })
}

fn strip_flag<'a>(line: &'a [u8], flag: &[u8]) -> (&'a [u8], bool) {
    match line.strip_suffix(flag) {
        Some(before) => (before.trim_ascii_end(), true),
        None => (line, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATUS: &[u8] = b"Package: adduser
Status: install ok installed
Architecture: all
Multi-Arch: foreign
Installed-Size: 686
Version: 3.134
Conffiles:
 /etc/adduser.conf cc3493ecd2d09837ffdcc3e25fdfff18
 /etc/old name.conf 11a06baf8245fd8d690b99024d228c1f obsolete
 /etc/gone.conf 11a06baf8245fd8d690b99024d228c1f obsolete remove-on-upgrade
 /etc/new.conf newconffile
Description: add and remove users
 Conffiles here are text: /etc/no 11a06baf8245fd8d690b99024d228c1f
 .

Package: libc6
Source: glibc
Status: hold reinstreq half-installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u9
";

    fn parsed(content: &[u8]) -> Vec<Package<'_>> {
        packages(content).map(|package| package.unwrap()).collect()
    }

    #[test]
    fn a_stanza_gives_name_version_state_and_architecture() {
        let got = parsed(STATUS);
        assert_eq!(got.len(), 2);
        assert_eq!((got[0].name, got[0].version), (&b"adduser"[..], &b"3.134"[..]));
        assert_eq!((got[0].installed_size, got[1].installed_size), (Some(686), None));
        assert_eq!((got[0].want, got[0].state), (Want::Install, State::Installed));
        assert_eq!((got[1].want, got[1].state), (Want::Hold, State::HalfInstalled));
        assert_eq!((got[1].multi_arch, got[1].source), (MultiArch::Same, Some(&b"glibc"[..])));
        assert!(!got[1].state.is_unpacked());
    }

    #[test]
    fn conffiles_keep_spaces_in_names_and_their_flags() {
        let got = parsed(STATUS);
        let files = &got[0].conffiles;
        assert_eq!(files.len(), 4, "the description's line is not one");
        assert!(matches!(files[0].digest, ConffileDigest::Known(_)));
        assert_eq!(files[1].path, b"/etc/old name.conf");
        assert!(files[1].obsolete && !files[1].remove_on_upgrade);
        assert!(files[2].obsolete && files[2].remove_on_upgrade);
        assert_eq!(files[3].digest, ConffileDigest::New);
    }

    #[test]
    fn a_stanza_without_a_name_costs_that_stanza_alone() {
        let got: Vec<_> = packages(b"Version: 1\n\n\nPackage: a\n").collect();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].as_ref().unwrap_err().number, 1);
        assert_eq!(got[1].as_ref().unwrap().name, b"a");
    }

    #[test]
    fn a_name_that_climbs_out_of_its_directory_is_refused() {
        let got: Vec<_> =
            packages(b"Package: ../../etc/shadow\nStatus: install ok installed\n").collect();
        assert!(got[0].is_err());
    }

    #[test]
    fn a_line_of_ten_megabytes_costs_nothing_but_itself() {
        let mut content = b"Package: a\nDescription: ".to_vec();
        content.resize(10 << 20, b'x');
        content.extend_from_slice(b"\nVersion: 2\n");
        assert_eq!(parsed(&content)[0].version, b"2");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = packages(&bytes).count();
        }

        #[test]
        fn no_stanza_like_text_makes_it_panic(text in "((Package|Status|Conffiles|Version): ?[ -~]{0,20}\n| [ -~]{0,50}\n|\n){0,20}") {
            let _ = packages(text.as_bytes()).count();
        }
    }
}
