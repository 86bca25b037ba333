//! `/etc/network/interfaces`: commands run when an interface goes up or down (interfaces(5)).

use crate::{BadLine, Text, lines};

use super::{Found, trim};

/// Options whose value is a shell command.
const OPTIONS: [&[u8]; 8] =
    [b"up", b"pre-up", b"post-up", b"down", b"pre-down", b"post-down", b"script", b"map-script"];

/// A command and when it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceCommand {
    /// `post-up`, ...
    pub when: Text,
    /// As the shell is given it.
    pub command: Text,
}

/// The commands of an interfaces file.
pub fn commands(content: &[u8]) -> Vec<Result<Found<InterfaceCommand>, BadLine>> {
    let mut found = Vec::new();
    let mut joined: Option<(u32, Vec<u8>)> = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                found.push(Err(bad));
                continue;
            }
        };
        let (start, mut whole) = joined.take().unwrap_or((line.number, Vec::new()));
        match line.bytes.strip_suffix(b"\\") {
            Some(part) if whole.len() < 65_536 => {
                whole.extend_from_slice(part);
                joined = Some((start, whole));
            }
            _ => {
                whole.extend_from_slice(line.bytes);
                let value = command(&whole);
                found.extend(value.map(|value| Ok(Found { line: start, value })));
            }
        }
    }
    found
}

fn command(text: &[u8]) -> Option<InterfaceCommand> {
    let text = trim(text);
    let end = text.iter().position(u8::is_ascii_whitespace)?;
    let (word, rest) = text.split_at_checked(end)?;
    OPTIONS
        .contains(&word)
        .then(|| InterfaceCommand { when: word.into(), command: trim(rest).into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commands_of_an_interface_are_found_with_their_line() {
        let got =
            commands(b"auto eth0\niface eth0 inet dhcp\n  post-up /bin/a \\\n b\n mtu 1400\n");
        let one = got[0].as_ref().unwrap();
        assert_eq!((one.line, one.value.command.clone()), (3, Text::from("/bin/a  b")));
        assert_eq!(got.len(), 1);
    }

    #[test]
    fn comments_and_other_options_run_nothing() {
        assert!(
            commands(b"# up /bin/a\nupdelay 3\nsource /etc/network/interfaces.d/*\n").is_empty()
        );
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            commands(&bytes);
        }
    }
}
