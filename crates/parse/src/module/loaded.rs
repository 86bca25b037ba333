//! `/proc/modules` (proc(5), and `m_show` in the kernel's `kernel/module/procfs.c`).

use crate::{BadLine, Line, Text, lines};

/// One line of `/proc/modules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedModule {
    /// Its name, with `_`.
    pub name: Text,
    /// Bytes in memory.
    pub size: u64,
    /// Users, `None` where the kernel cannot unload.
    pub references: Option<i64>,
    /// Modules that use it.
    pub used_by: Vec<Text>,
    /// `Live`, `Loading` or `Unloading`.
    pub state: Text,
    /// Its own taint letters, without brackets: `OE`.
    pub taint: Text,
}

/// The loaded modules, as far as the kernel lists them.
pub fn loaded_modules(content: &[u8]) -> Vec<Result<LoadedModule, BadLine>> {
    let filled =
        |line: &Result<Line<'_>, BadLine>| !line.as_ref().is_ok_and(|line| line.bytes.is_empty());
    lines(content).filter(filled).map(|line| module(line?)).collect()
}

fn module(line: Line<'_>) -> Result<LoadedModule, BadLine> {
    read(line.bytes).ok_or_else(|| BadLine::new(line, "not a line of /proc/modules"))
}

fn read(line: &[u8]) -> Option<LoadedModule> {
    let mut fields = line.split(|&byte| byte == b' ');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let size = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let references = match fields.next()? {
        b"-" => None,
        count => Some(std::str::from_utf8(count).ok()?.parse().ok()?),
    };
    let users = fields.next()?.split(|&byte| byte == b',');
    let used_by = users
        .filter(|user| !matches!(*user, b"" | b"-" | b"[permanent]"))
        .map(Text::from)
        .collect();
    let state = Text::from(fields.next()?);
    let brackets = fields.find_map(|field| field.strip_prefix(b"(")?.strip_suffix(b")"));
    // `+` and `-` in the brackets say that it comes or goes, which the state says too.
    let letters: Vec<u8> =
        brackets.unwrap_or_default().iter().copied().filter(u8::is_ascii_alphabetic).collect();
    Some(LoadedModule {
        name: Text::from(name),
        size,
        references,
        used_by,
        state,
        taint: Text::from(letters),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_users_and_taint_are_read_and_a_bad_line_costs_itself() {
        let text = b"nf_tables 290816 12 nft_ct,nft_nat, Live 0xffffffffc0a00000\n\
            panix 16384 0 - Live 0x0000000000000000 (OE)\nbroken\nx 1 - - Loading 0x0 (E+)\n\
            ipv6 1 3 [permanent], Live 0x0\n";
        let found = loaded_modules(text);
        let first = found[0].as_ref().unwrap();
        assert_eq!((first.size, first.references), (290_816, Some(12)));
        assert_eq!(first.used_by, [Text::from("nft_ct"), Text::from("nft_nat")]);
        assert_eq!(found[1].as_ref().unwrap().taint, "OE");
        assert_eq!(found[2].as_ref().unwrap_err().number, 3);
        let loading = found[3].as_ref().unwrap();
        assert_eq!(
            (&loading.state, &loading.taint, loading.references),
            (&"Loading".into(), &"E".into(), None)
        );
        assert!(found[4].as_ref().unwrap().used_by.is_empty());
    }

    #[test]
    fn an_empty_table_has_no_modules() {
        assert!(loaded_modules(b"").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = loaded_modules(&bytes);
        }
    }
}
