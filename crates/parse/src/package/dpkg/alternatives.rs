//! /var/lib/dpkg/alternatives/NAME: names that several packages can provide
//! (`update-alternatives(1)`; the file's form is in its source, `utils/update-alternatives.c`).

/// A group of alternatives: /usr/bin/pager -> /etc/alternatives/pager -> one of the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative<'a> {
    /// The system picks the choice of the highest priority by itself.
    pub automatic: bool,
    /// The generic name, such as /usr/bin/pager.
    pub link: &'a [u8],
    /// Links that follow the master, such as its manual page.
    pub slaves: Vec<Slave<'a>>,
    /// What can be chosen.
    pub choices: Vec<Choice<'a>>,
}

/// A link that follows its master's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slave<'a> {
    /// Its name below /etc/alternatives.
    pub name: &'a [u8],
    /// The generic name.
    pub link: &'a [u8],
}

/// One program that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Its path.
    pub path: &'a [u8],
    /// The highest wins in automatic mode.
    pub priority: i32,
    /// One path per slave, in their order; empty where the choice has none.
    pub slaves: Vec<&'a [u8]>,
}

/// Parses the file; `None` when it is not of this form. Choices after a cut end are left out.
pub fn alternative(content: &[u8]) -> Option<Alternative<'_>> {
    let mut lines = content.split(|&byte| byte == b'\n');
    let automatic = match lines.next()? {
        b"auto" => true,
        b"manual" => false,
        _ => return None,
    };
    let link = lines.next().filter(|link| link.starts_with(b"/"))?;
    let mut slaves = Vec::new();
    while let Some(name) = lines.next().filter(|name| !name.is_empty()) {
        slaves.push(Slave { name, link: lines.next()? });
    }
    let mut choices = Vec::new();
    while let Some(path) = lines.next().filter(|path| !path.is_empty()) {
        match choice(path, &mut lines, slaves.len()) {
            Some(choice) => choices.push(choice),
            None => break,
        }
    }
    Some(Alternative { automatic, link, slaves, choices })
}

fn choice<'a>(
    path: &'a [u8],
    lines: &mut impl Iterator<Item = &'a [u8]>,
    slaves: usize,
) -> Option<Choice<'a>> {
    let priority = std::str::from_utf8(lines.next()?).ok()?.trim().parse().ok()?;
    let slaves: Vec<_> = lines.by_ref().take(slaves).collect();
    Some(Choice { path, priority, slaves })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGER: &[u8] = b"auto
/usr/bin/pager
pager.1.gz
/usr/share/man/man1/pager.1.gz

/bin/more
50
/usr/share/man/man1/more.1.gz
/usr/bin/less
77


";

    #[test]
    fn the_master_its_slaves_and_every_choice_are_read() {
        let got = alternative(PAGER).unwrap();
        assert!(got.automatic);
        assert_eq!(got.link, b"/usr/bin/pager");
        assert_eq!(got.slaves[0].name, b"pager.1.gz");
        assert_eq!(got.choices.len(), 2);
        assert_eq!((got.choices[1].path, got.choices[1].priority), (&b"/usr/bin/less"[..], 77));
        assert_eq!(got.choices[1].slaves, [b""]);
    }

    #[test]
    fn another_kind_of_file_is_none() {
        assert_eq!(alternative(b""), None);
        assert_eq!(alternative(b"#!/bin/sh\n"), None);
        assert_eq!(alternative(b"auto\nnot-a-path\n"), None);
    }

    #[test]
    fn a_file_that_ends_early_keeps_the_whole_choices() {
        let got = alternative(b"manual\n/usr/bin/x\n\n/bin/a\n10\n/bin/b\n").unwrap();
        assert_eq!(got.choices.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = alternative(&bytes);
        }

        #[test]
        fn no_lines_make_it_panic(lines in proptest::collection::vec("(auto|manual|/[a-z]*|[0-9]*|)", 0..30)) {
            let _ = alternative(lines.join("\n").as_bytes());
        }
    }
}
