//! `enabled_functions` of tracefs (`t_show` in the kernel's `kernel/trace/ftrace.c`): functions of the
//! kernel that call something else first.

use crate::{Text, lines};

/// A function of the kernel that ftrace diverts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TracedFunction {
    /// The function.
    pub name: Text,
    /// Whoever is called may return to somewhere else: live patches do that, and rootkits
    /// (`IPMODIFY`, flag `I`).
    pub replaced: bool,
    /// A BPF program is called directly (flag `D`).
    pub direct: bool,
    /// It was replaced, or called a BPF program, at some time since the boot (flag `M`, Linux 6.4).
    pub modified: bool,
    /// Who is called, as far as the line says: `handler [module]`.
    pub callee: Text,
}

impl TracedFunction {
    /// The module whose code is called.
    pub fn module(&self) -> Option<Text> {
        let text = self.callee.as_bytes();
        let open = text.iter().rposition(|&byte| byte == b'[')?;
        let name = text.get(open + 1..)?.split(|&byte| byte == b']').next()?;
        (!name.is_empty() && name != b"bpf").then(|| Text::from(name))
    }

    /// The code that is called has no name: it is no function of the kernel nor of any module that
    /// the kernel knows.
    pub fn is_nameless(&self) -> bool {
        let text = self.callee.as_bytes();
        let handler = find(text, b"->").and_then(|at| text.get(at + 2..)).unwrap_or_default();
        handler.trim_ascii().starts_with(b"0x")
    }
}

/// The functions that are traced now. A line that is not understood is left out.
pub fn traced_functions(content: &[u8]) -> Vec<TracedFunction> {
    let mut found: Vec<TracedFunction> = Vec::new();
    for line in lines(content).flatten() {
        // What is called directly has a line of its own behind the function's.
        if line.bytes.trim_ascii_start().starts_with(b"direct-->") {
            if let Some(last) = found.last_mut().filter(|last| last.callee == Text::default()) {
                last.callee = called(line.bytes.trim_ascii());
            }
        } else {
            found.extend(function(line.bytes));
        }
    }
    found
}

fn called(callee: &[u8]) -> Text {
    Text::from(callee.get(..200).unwrap_or(callee))
}

/// `name [module] (count) R I D M tramp: address (callee) ->callee`
fn function(line: &[u8]) -> Option<TracedFunction> {
    let open = find(line, b" (")?;
    let (name, rest) = line.split_at_checked(open)?;
    let rest = rest.get(2..)?;
    let close = rest.iter().position(|&byte| byte == b')')?;
    let (count, flags) = rest.split_at_checked(close)?;
    if count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let flags = flags.get(1..)?;
    let end = find(flags, b"tramp:").or_else(|| find(flags, b"direct-->")).unwrap_or(flags.len());
    let (flags, callee) = flags.split_at_checked(end)?;
    let flag = |letter: &[u8]| flags.split(u8::is_ascii_whitespace).any(|word| word == letter);
    let callee = callee.strip_prefix(b"tramp:").unwrap_or(callee).trim_ascii();
    Some(TracedFunction {
        name: Text::from(name.trim_ascii()),
        replaced: flag(b"I"),
        direct: flag(b"D"),
        modified: flag(b"M"),
        callee: called(callee),
    })
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_is_replaced_is_told_from_one_that_is_watched() {
        let text = b"__x64_sys_kill (1) R I     \ttramp: 0xffffffffc0a05000 (fh_ftrace_thunk+0x0/0x20 [rk]) ->fh_ftrace_thunk+0x0/0x20 [rk]\n\
            bpf_lsm_file_open (1) R   D   M \tdirect-->bpf_trampoline_6442_0+0x0/0x9f\n\
            vfs_read (2)            tramp: 0xffffffffc0300000 (function_trace_call+0x0/0x1 )\n\
            nonsense\nx (y) I\n";
        let found = traced_functions(text);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].name, "__x64_sys_kill");
        assert!(found[0].replaced && !found[0].direct);
        assert!(found[0].callee.lossy().contains("fh_ftrace_thunk+0x0/0x20 [rk]"));
        assert!(found[1].direct && !found[1].replaced);
        assert!(!found[2].replaced && found[1].modified);
        assert_eq!(found.iter().filter_map(TracedFunction::module).collect::<Vec<_>>(), ["rk"]);
        assert!(!found.iter().any(TracedFunction::is_nameless));
    }

    #[test]
    fn code_that_no_symbol_stands_for_is_nameless() {
        let text = b"tcp4_seq_show (1) R I     \ttramp: 0xffffffffc0a05000 (0xffffffffc0a05000) ->0xffffffffc0b01020\n\
            vfs_open (1) R   D     \n\tdirect-->0xffffffffc0b01020\nvfs_read (1)    \ttramp: 0xffffffffc0300000 (x+0x0/0x1) ->klp_ftrace_handler+0x0/0x1d0\n";
        let found = traced_functions(text);
        let nameless: Vec<bool> = found.iter().map(TracedFunction::is_nameless).collect();
        assert_eq!(nameless, [true, true, false]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = traced_functions(&bytes);
        }
    }
}
