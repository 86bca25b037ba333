//! Archives made by hand, so that what the usual tools refuse to write can be in them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

/// A tar archive.
#[derive(Clone)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn file(self, name: &str, content: &[u8], mode: u32) -> Self {
        self.raw(EntryType::Regular, name, "", content, mode)
    }

    pub(crate) fn dir(self, name: &str) -> Self {
        self.raw(EntryType::Directory, name, "", b"", 0o755)
    }

    pub(crate) fn entry(self, kind: EntryType, name: &str, link: &str) -> Self {
        self.raw(kind, name, link, b"", 0o777)
    }

    pub(crate) fn extension(self, kind: EntryType, content: &[u8]) -> Self {
        self.raw(kind, "././@LongLink", "", content, 0o644)
    }

    fn raw(mut self, kind: EntryType, name: &str, link: &str, content: &[u8], mode: u32) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(50);
        header.set_mtime(0);
        header.set_username("root").unwrap();
        header.set_groupname("staff").unwrap();
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        let padded = self.0.len().next_multiple_of(512);
        self.0.resize(padded, 0);
        self
    }

    /// Without the blocks that end an archive.
    pub(crate) fn unended(&self) -> Vec<u8> {
        self.0.clone()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.0.as_slice(), &[0; 1024]].concat()
    }
}

/// A .deb.
pub(crate) struct Deb {
    control: Tar,
    data: Tar,
}

impl Deb {
    pub(crate) fn new(data: Tar) -> Self {
        let text = b"Package: tool\nVersion: 1:2-3\nArchitecture: amd64\n";
        Self { control: Tar::new().file("./control", text, 0o644), data }
    }

    /// Adds a file to control.tar.
    pub(crate) fn control(self, name: &str, content: &[u8]) -> Self {
        Self { control: self.control.file(name, content, 0o644), ..self }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let (control, data) = (gz(&self.control.bytes()), gz(&self.data.bytes()));
        join(&[("control.tar.gz", &control), ("data.tar.gz", &data)])
    }

    /// Without compression, so that damage reaches what is inside.
    pub(crate) fn plain(&self) -> Vec<u8> {
        join(&[("control.tar", &self.control.bytes()), ("data.tar", &self.data.bytes())])
    }
}

fn join(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = [b"!<arch>\n".to_vec(), member("debian-binary", b"2.0\n")].concat();
    for (name, content) in parts {
        out.extend(member(name, content));
    }
    out
}

/// A member of an ar archive.
pub(crate) fn member(name: &str, content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let mut out = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, 0, 100_644);
    if size % 2 == 1 {
        return [out.as_bytes(), content, b"\n"].concat();
    }
    let mut bytes = std::mem::take(&mut out).into_bytes();
    bytes.extend_from_slice(content);
    bytes
}

pub(crate) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A PAX record: its length, which counts itself, a key, a value.
pub(crate) fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..9)
        .map(|digits| digits + rest.len())
        .find(|length| length.to_string().len() + rest.len() == *length);
    format!("{}{rest}", length.unwrap()).into_bytes()
}

/// A file in a folder of its own.
pub(crate) fn write(name: &str, content: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(name), content).unwrap();
    dir
}
