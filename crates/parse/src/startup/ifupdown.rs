//! `/etc/network/interfaces`: commands run when an interface goes up or down (interfaces(5)).

use crate::line::continued;
use crate::{BadLine, Text};

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
    let read = |line: Result<(u32, Vec<u8>), BadLine>| match line {
        Ok((line, text)) => command(&text).map(|value| Ok(Found { line, value })),
        Err(bad) => Some(Err(bad)),
    };
    continued(content).filter_map(read).collect()
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
    fn a_last_line_that_ends_in_a_backslash_is_not_hidden() {
        let found = commands(b"iface eth0 inet dhcp\n up /opt/x \\");
        assert_eq!(found.len(), 1);
    }

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
