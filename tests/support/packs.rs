//! Packs made of a root's own files, and an operator who signs them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_core::{Algorithm, Digest, Hasher, Text, sha256_of};
use coroner_pack::{
    Content, FileKind, Header, PackFile, PackKind, PackageFiles, PackageId, SCHEMA,
};

pub(crate) fn md5(bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(Algorithm::Md5);
    hasher.update(bytes);
    hasher.finish()
}

/// A pack of everything that dpkg installed on a root that is known to be as it was installed.
pub(crate) struct PackOf {
    header: Header,
    packages: Vec<PackageFiles>,
    root: PathBuf,
}

impl PackOf {
    pub(crate) fn root(root: &Path) -> Self {
        let os = std::fs::read_to_string(root.join("etc/os-release")).expect("os-release");
        let value = |name: &str| {
            let line = os.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let header = Header {
            schema: SCHEMA.to_owned(),
            name: "test".to_owned(),
            kind: PackKind::Distribution,
            os: value("ID="),
            os_version: value("VERSION_ID="),
            manager: "dpkg".to_owned(),
            sources: Vec::new(),
        };
        Self { header, packages: packages(root), root: root.to_owned() }
    }

    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.header.name);
        self
    }

    pub(crate) fn of_os(mut self, os: &str) -> Self {
        os.clone_into(&mut self.header.os);
        self
    }

    /// The image of a host, with these of its files that no package owns.
    pub(crate) fn of_host(mut self, unowned: &[&str]) -> Self {
        self.header.kind = PackKind::Host;
        let files = unowned.iter().filter_map(|path| file(&self.root, path, false)).collect();
        self.packages.push(PackageFiles { id: id("", "", ""), files });
        self
    }

    /// Knows a package in another version than the root has.
    pub(crate) fn in_version(mut self, package: &str, version: &str) -> Self {
        let found =
            self.packages.iter_mut().find(|own| own.id.name.as_bytes() == package.as_bytes());
        found.expect("an installed package").id.version = Text::from(version);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        coroner_pack::write(&self.header, self.packages.clone()).expect("a pack")
    }
}

fn id(name: &str, version: &str, architecture: &str) -> PackageId {
    let text = Text::from;
    PackageId { name: text(name), version: text(version), architecture: text(architecture) }
}

fn packages(root: &Path) -> Vec<PackageFiles> {
    let info = root.join("var/lib/dpkg/info");
    let status = std::fs::read_to_string(root.join("var/lib/dpkg/status")).expect("status");
    let diverted =
        std::fs::read_to_string(root.join("var/lib/dpkg/diversions")).unwrap_or_default();
    let diverted: BTreeSet<&str> = diverted.lines().collect();
    let mut packages = Vec::new();
    for stanza in status.split("\n\n") {
        let field = |name: &str| {
            let line = stanza.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim()
        };
        if field("Status:") != "install ok installed" {
            continue;
        }
        let (name, architecture) = (field("Package:"), field("Architecture:"));
        let conffiles: BTreeSet<&str> = stanza
            .lines()
            .filter_map(|line| line.strip_prefix(" /")?.split_once(' '))
            .map(|(path, _)| path)
            .collect();
        let lists = [format!("{name}.list"), format!("{name}:{architecture}.list")];
        let list = lists.iter().find_map(|list| std::fs::read_to_string(info.join(list)).ok());
        let list = list.unwrap_or_else(|| panic!("{name} has no list"));
        let own = list.lines().filter(|path| !diverted.contains(path));
        let files = own
            .filter_map(|path| file(root, path, conffiles.contains(path.trim_start_matches('/'))));
        packages.push(PackageFiles {
            id: id(name, field("Version:"), architecture),
            files: files.collect(),
        });
    }
    packages
}

fn file(root: &Path, path: &str, conffile: bool) -> Option<PackFile> {
    use std::os::unix::fs::MetadataExt;
    let at = root.join(path.trim_start_matches('/'));
    let meta = at.symlink_metadata().ok()?;
    let kind = if meta.is_symlink() {
        use std::os::unix::ffi::OsStrExt;
        FileKind::Link(Text::from(std::fs::read_link(&at).ok()?.as_os_str().as_bytes()))
    } else if meta.is_file() {
        let bytes = std::fs::read(&at).ok()?;
        let sha256 = sha256_of(&bytes).as_bytes().try_into().ok()?;
        let md5 = md5(&bytes).as_bytes().try_into().ok()?;
        FileKind::Regular(Content { size: meta.len(), sha256, md5, build_id: None })
    } else {
        return None;
    };
    let (path, root) = (Text::from(path), Text::from("root"));
    Some(PackFile {
        path,
        kind,
        mode: meta.mode() & 0o7777,
        user: root.clone(),
        group: root,
        conffile,
    })
}

/// Somebody with a minisign key, as the stock tool makes it.
pub(crate) struct Operator {
    dir: tempfile::TempDir,
    public: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let public = dir.path().join("own.pub").to_str().expect("a plain name").to_owned();
        let mut make = Command::new("minisign");
        make.args(["-G", "-W", "-p", &public, "-s"]).arg(dir.path().join("own.key"));
        assert!(make.output().expect("tests/run installs minisign").status.success());
        Self { dir, public }
    }

    /// The public key, as reports name it.
    pub(crate) fn key(&self) -> String {
        let text = std::fs::read_to_string(&self.public).expect("the key");
        text.lines().last().expect("a line").to_owned()
    }

    /// Writes a pack and its signature, and says where.
    pub(crate) fn signed(&self, pack: &PackOf) -> PathBuf {
        let path = self.dir.path().join(format!("{}.pack", pack.header.name));
        std::fs::write(&path, pack.bytes()).expect("written");
        let mut sign = Command::new("minisign");
        sign.args(["-S", "-s"]).arg(self.dir.path().join("own.key")).arg("-m").arg(&path);
        assert!(sign.output().expect("minisign runs").status.success());
        path
    }

    /// The arguments of an audit with a pack and this operator's key.
    pub(crate) fn using<'a>(&'a self, pack: &'a Path) -> [&'a str; 4] {
        ["--key", &self.public, "--baseline", pack.to_str().expect("a plain name")]
    }
}
