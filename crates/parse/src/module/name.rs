//! Module names: the kernel writes `_` where files may have `-` (modprobe(8)).

use crate::Text;

/// How a module file may end (kmod reads all of them).
const SUFFIXES: [&[u8]; 4] = [b".ko", b".ko.xz", b".ko.gz", b".ko.zst"];

/// The name under which the kernel knows the module of this file or of this word.
pub fn module_name(path: &[u8]) -> Text {
    let file = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let stem = SUFFIXES.iter().find_map(|suffix| file.strip_suffix(*suffix)).unwrap_or(file);
    Text::from(stem.iter().map(|&byte| if byte == b'-' { b'_' } else { byte }).collect::<Vec<u8>>())
}

/// The name is a module file's, compressed or not.
pub fn is_module_file(path: &[u8]) -> bool {
    SUFFIXES.iter().any(|suffix| path.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_and_suffixes_are_not_part_of_the_name() {
        assert_eq!(
            module_name(b"/lib/modules/6.1.0/kernel/sound/snd-hda-intel.ko.xz"),
            "snd_hda_intel"
        );
        assert_eq!(module_name(b"nf-tables"), "nf_tables");
        assert!(is_module_file(b"a.ko.zst") && !is_module_file(b"a.ko.bak"));
    }
}
