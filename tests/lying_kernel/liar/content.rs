//! Lies about what is in a file.

use std::path::PathBuf;

use nix::libc;

use super::call::Call;
use super::trace::Lie;

pub(crate) const READ: [i64; 1] = [libc::SYS_read];
pub(crate) const READS: [i64; 3] = [libc::SYS_read, libc::SYS_pread64, libc::SYS_preadv2];
pub(crate) const EVERY_READ: [i64; 4] =
    [libc::SYS_read, libc::SYS_pread64, libc::SYS_preadv2, libc::SYS_process_vm_readv];

/// Puts `new` in place of `old` in what these calls, all of them reads, give of a file.
pub(crate) fn rewrite<'a>(path: &str, old: &str, new: &str, calls: &'a [i64]) -> Lie<'a> {
    let (path, old, new) = (PathBuf::from(path), old.to_owned(), new.to_owned());
    Box::new(move |call| {
        // Copied pages do not say which file they are of.
        let of_pages = call.number() == libc::SYS_process_vm_readv;
        if !calls.contains(&call.number()) || call.result() <= 0 || !of_pages && !call.is_of(&path)
        {
            return;
        }
        let at = if of_pages || call.number() == libc::SYS_preadv2 {
            // The first of the buffers, of which coroner gives one.
            u64::from_ne_bytes(call.read(call.argument(1), 8).try_into().unwrap())
        } else {
            call.argument(1)
        };
        let count = usize::try_from(call.result()).unwrap();
        let text = String::from_utf8_lossy(&call.read(at, count)).into_owned();
        if text.contains(&old) {
            let edited = text.replace(&old, &new);
            assert!(edited.len() <= count, "a lie that is longer than the truth");
            call.write(at, edited.as_bytes());
            call.set_result(i64::try_from(edited.len()).unwrap());
        }
    })
}

/// Takes lines out of what is read of every file of this name.
pub(crate) fn shorten<'a>(file: &str, lines: &[String]) -> Lie<'a> {
    let (file, gone) = (file.to_owned(), lines.to_vec());
    let reads = [libc::SYS_read, libc::SYS_pread64];
    cut(
        move |call| reads.contains(&call.number()) && call.file().ends_with(&file),
        move |line| gone.iter().any(|g| line.trim_end() == g),
    )
}

/// Cuts the lines with `word` in them out of what these calls give of a file.
pub(crate) fn without_lines<'a>(path: &str, word: &str, calls: &'a [i64]) -> Lie<'a> {
    let (path, word) = (PathBuf::from(path), word.to_owned());
    cut(
        move |call| calls.contains(&call.number()) && call.is_of(&path),
        move |line| line.contains(&word),
    )
}

/// Takes the lines that are `gone` out of what a call gives, where it `applies`.
fn cut<'a>(applies: impl Fn(&Call) -> bool + 'a, gone: impl Fn(&str) -> bool + 'a) -> Lie<'a> {
    Box::new(move |call| {
        if call.result() <= 0 || !applies(call) {
            return;
        }
        let whole = String::from_utf8_lossy(&call.filled()).into_owned();
        let kept: String = whole.split_inclusive('\n').filter(|line| !gone(line)).collect();
        if kept.len() < whole.len() {
            call.refill(kept.as_bytes());
        }
    })
}
