//! What the kernel's log says of modules that tainted it (`kernel/module/main.c`).

use std::collections::BTreeSet;

use crate::{Text, lines};

/// What stands behind a module's name.
const SAYINGS: [&[u8]; 4] = [
    b"loading out-of-tree module taints kernel",
    b"module verification failed: signature and/or required key missing - tainting kernel",
    b"module license '",
    b"module is from the staging directory, the quality is unknown, you have been warned",
];
/// `MODULE_NAME_LEN` with room: longer is no module's name.
const LONGEST: usize = 64;

/// Modules of which the log says that they tainted the kernel. Lines may start with `<6>` and
/// `[   30.183807] `, as syslog(2) gives them.
pub fn tainting_modules(log: &[u8]) -> BTreeSet<Text> {
    lines(log).flatten().filter_map(|line| named(line.bytes)).collect()
}

fn named(line: &[u8]) -> Option<Text> {
    let text = match line.strip_prefix(b"<") {
        Some(rest) => after(rest, b'>')?,
        None => line,
    };
    let text = match text.strip_prefix(b"[") {
        Some(rest) => after(rest, b']')?.trim_ascii_start(),
        None => text,
    };
    let end = text.iter().position(|&byte| byte == b':')?;
    let (name, said) = text.split_at(end);
    let said = said.strip_prefix(b": ")?;
    let of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    let is_name = !name.is_empty() && name.len() <= LONGEST && name.iter().all(of_a_name);
    let taints = SAYINGS.iter().any(|saying| said.starts_with(saying));
    (is_name && taints).then(|| Text::from(name))
}

fn after(text: &[u8], end: u8) -> Option<&[u8]> {
    let at = text.iter().position(|&byte| byte == end)?;
    text.get(at + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modules_that_tainted_are_named() {
        let log = b"<6>[   31.037573] EXT4-fs (vdb): mounted filesystem\n\
            <4>[  100.233519] absent: loading out-of-tree module taints kernel.\n\
            <4>[  100.233917] absent: module verification failed: signature and/or required key missing - tainting kernel\n\
            nvidia: module license 'NVIDIA' taints kernel.\n\
            <4>[    1.0] a b: loading out-of-tree module taints kernel.\n";
        let names: Vec<_> = tainting_modules(log).into_iter().collect();
        assert_eq!(names, [Text::from("absent"), Text::from("nvidia")]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = tainting_modules(&bytes);
        }
    }
}
