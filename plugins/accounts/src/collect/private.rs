//! Private keys in ~/.ssh: whether a passphrase protects them, and which public key is theirs.

use coroner_core::{Cx, FileType, HostPath, Text};
use coroner_parse::account;

use super::Person;
use crate::items::PrivateKey;

/// Names in one .ssh directory that are looked at.
const MOST_NAMES: usize = 200;
/// Bytes read of each: larger files are no keys.
const MOST_BYTES: u64 = 64 << 10;

pub(super) fn collect(cx: &mut Cx<'_>, person: &Person) {
    let dir = person.home.join(".ssh");
    if !cx.stat(&dir).is_some_and(|stat| stat.is_dir()) {
        return;
    }
    let entries = cx.list(&dir).into_iter();
    let files: Vec<HostPath> =
        entries.filter(|e| e.kind == FileType::Regular).map(|e| e.path).take(MOST_NAMES).collect();
    for file in files.iter().filter(|file| !file.name().ends_with(b".pub")) {
        one(cx, person, file);
    }
}

fn one(cx: &mut Cx<'_>, person: &Person, file: &HostPath) {
    if cx.stat(file).is_none_or(|stat| stat.size > MOST_BYTES) {
        return;
    }
    let Some(content) = cx.read(file) else { return };
    let Some(key) = account::private_key(&content.bytes) else { return };
    let fingerprint = match key.public {
        Some(public) => Some(public.fingerprint),
        None => beside(cx, file),
    };
    cx.emit(PrivateKey {
        account: Text::from(person.name.as_slice()),
        uid: person.uid,
        file: file.clone(),
        encrypted: key.encrypted,
        fingerprint,
    });
}

/// The fingerprint of the `.pub` file beside it.
fn beside(cx: &mut Cx<'_>, file: &HostPath) -> Option<String> {
    let content = cx.read(&file.with_suffix(".pub"))?;
    let mut words = content.bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let key = account::public_key(words.next()?, words.next()?)?;
    Some(key.fingerprint)
}
