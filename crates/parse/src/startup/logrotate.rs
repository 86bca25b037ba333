//! Scripts that logrotate runs (logrotate.conf(5)): `postrotate` ... `endscript` and its kin.

use crate::{BadLine, Text, lines};

use super::{Found, trim};

/// Directives that begin a script.
const BEGINS: [&[u8]; 5] =
    [b"prerotate", b"postrotate", b"firstaction", b"lastaction", b"preremove"];

/// A script in a logrotate configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotateScript {
    /// `postrotate`, ...
    pub when: Text,
    /// The lines of the script, joined by newlines.
    pub script: Text,
}

/// The scripts of a file, and what else it runs (`mail` and `compresscmd` are not looked at).
pub fn scripts(content: &[u8]) -> (Vec<Found<RotateScript>>, Vec<BadLine>) {
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    let mut open: Option<(u32, &[u8], Vec<u8>)> = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(long) => {
                bad.push(long);
                continue;
            }
        };
        let text = trim(line.bytes);
        match open.take() {
            None => {
                let when = BEGINS.iter().find(|word| text == **word);
                open = when.map(|when| (line.number, *when, Vec::new()));
            }
            Some((start, when, script)) if text == b"endscript" => {
                found.push(finished(start, when, &script));
            }
            Some((start, when, mut script)) => {
                script.extend_from_slice(text);
                script.push(b'\n');
                open = Some((start, when, script));
            }
        }
    }
    found.extend(open.map(|(start, when, script)| finished(start, when, &script)));
    (found, bad)
}

fn finished(line: u32, when: &[u8], script: &[u8]) -> Found<RotateScript> {
    let script = Text::from(script.trim_ascii_end());
    Found { line, value: RotateScript { when: Text::from(when), script } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_script_is_taken_up_to_its_end() {
        let text = b"/var/log/x {\n weekly\n postrotate\n  a b\n  c\n endscript\n}\n";
        let (got, _) = scripts(text);
        assert_eq!((got[0].line, got[0].value.script.clone()), (3, Text::from("a b\nc")));
    }

    #[test]
    fn a_script_without_end_still_counts() {
        assert_eq!(scripts(b"prerotate\nx\n").0[0].value.script, "x");
    }

    #[test]
    fn a_configuration_without_scripts_has_none() {
        assert!(scripts(b"/var/log/x {\n rotate 4\n}\n").0.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            scripts(&bytes);
        }
    }
}
