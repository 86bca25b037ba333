//! modprobe.d(5), modules-load.d(5) and Debian's `/etc/modules`.

use crate::line::continued;
use crate::{BadLine, Text, lines};

/// What a line of modprobe.d asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectiveKind {
    /// Another name for a module; the rest is the module.
    Alias,
    /// The module's own aliases are not used.
    Blacklist,
    /// A shell command that is run **instead of** loading the module.
    Install,
    /// A shell command that is run instead of unloading it.
    Remove,
    /// Parameters of the module.
    Options,
    /// Modules that come before (`pre:`) and after (`post:`).
    Softdep,
    /// As `softdep`, for the image builder alone.
    Weakdep,
}

/// One line of modprobe.d.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// Where it starts, counted from 1.
    pub line: u32,
    /// What it asks for.
    pub kind: DirectiveKind,
    /// The module (for an alias: the pattern), as written.
    pub module: Text,
    /// Everything after it: the command, the parameters, the other module.
    pub rest: Text,
}

/// Reads a file of modprobe.d; a backslash at the end of a line goes on with the next one.
pub fn modprobe_config(content: &[u8]) -> Vec<Result<Directive, BadLine>> {
    let read = |line: Result<(u32, Vec<u8>), BadLine>| match line {
        Ok((start, text)) => directive(start, &text),
        Err(bad) => Some(Err(bad)),
    };
    continued(content).filter_map(read).collect()
}

/// `None` for blank lines and comments.
fn directive(number: u32, text: &[u8]) -> Option<Result<Directive, BadLine>> {
    let text = text.trim_ascii();
    if text.is_empty() || text.starts_with(b"#") {
        return None;
    }
    let (word, rest) = first_word(text);
    let (module, rest) = first_word(rest);
    let kind = kind(word).filter(|_| !module.is_empty());
    let line = crate::Line { number, bytes: text };
    let found =
        kind.map(|kind| Directive { line: number, kind, module: module.into(), rest: rest.into() });
    Some(found.ok_or_else(|| BadLine::new(line, "not a directive of modprobe.d")))
}

fn kind(word: &[u8]) -> Option<DirectiveKind> {
    Some(match word {
        b"alias" => DirectiveKind::Alias,
        b"blacklist" => DirectiveKind::Blacklist,
        b"install" => DirectiveKind::Install,
        b"remove" => DirectiveKind::Remove,
        b"options" => DirectiveKind::Options,
        b"softdep" => DirectiveKind::Softdep,
        b"weakdep" => DirectiveKind::Weakdep,
        _ => return None,
    })
}

fn first_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    (word, rest.trim_ascii_start())
}

/// The modules that a file of modules-load.d, or `/etc/modules`, has loaded at boot, with their lines.
///
/// Comments start with `#` or `;`. `/etc/modules` allows parameters after the name.
pub fn wanted_modules(content: &[u8]) -> Vec<Result<(u32, Text), BadLine>> {
    let named = |line: Result<crate::Line<'_>, BadLine>| match line {
        Ok(line) => {
            let text = line.bytes.trim_ascii();
            let comment = text.is_empty() || text.starts_with(b"#") || text.starts_with(b";");
            (!comment).then(|| Ok((line.number, Text::from(first_word(text).0))))
        }
        Err(bad) => Some(Err(bad)),
    };
    lines(content).filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_install_line_keeps_its_command_whole() {
        let found = modprobe_config(b"# install a b\n\ninstall pcspkr /bin/sh -c \\\n  'id'; /sbin/modprobe -i pcspkr\nblacklist nouveau\nfrob x\ninstall\n");
        let install = found[0].as_ref().unwrap();
        assert_eq!((install.line, &install.kind), (3, &DirectiveKind::Install));
        assert_eq!(install.rest, "/bin/sh -c   'id'; /sbin/modprobe -i pcspkr");
        assert_eq!(found[1].as_ref().unwrap().module, "nouveau");
        assert_eq!(found[2].as_ref().unwrap_err().number, 6);
        assert!(found[3].is_err());
    }

    #[test]
    fn a_continued_line_at_the_end_is_not_lost() {
        assert_eq!(modprobe_config(b"install a /bin/x \\\n")[0].as_ref().unwrap().rest, "/bin/x");
    }

    #[test]
    fn wanted_modules_are_words_and_comments_are_none() {
        let found = wanted_modules(b"# a\n; b\nloop max_loop=8\n  panix \n");
        let names: Vec<_> = found.into_iter().map(Result::unwrap).collect();
        assert_eq!(names, [(3, "loop".into()), (4, "panix".into())]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes: Vec<u8>) {
            let _ = modprobe_config(&bytes);
            let _ = wanted_modules(&bytes);
        }
    }
}
