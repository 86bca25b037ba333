//! Desktop entries that are started with a session (XDG Autostart and Desktop Entry
//! specifications).

use crate::{BadLine, Text};

use super::exec::split_words;
use super::ini;

/// What autostart looks at in a desktop entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DesktopEntry {
    /// Shown to the user.
    pub name: Text,
    /// The command, its field codes (`%u`) taken out.
    pub exec: Text,
    /// Line of `Exec=`.
    pub exec_line: u32,
    /// `Hidden=true`: treated as if it were deleted.
    pub hidden: bool,
    /// `NoDisplay=true`: started, but shown in no menu.
    pub no_display: bool,
    /// A desktop's own switch (`X-GNOME-Autostart-enabled=false`, `X-MATE-...`) is off.
    pub switched_off: bool,
    /// Keys that begin with `X-`, as `key=value`.
    pub extensions: Vec<Text>,
    /// Lines that could not be read.
    pub bad: Vec<BadLine>,
}

impl DesktopEntry {
    /// Reads the `[Desktop Entry]` group; others (actions) are not started with the session.
    pub fn parse(content: &[u8]) -> Self {
        let (entries, bad) = ini::read(content);
        let mut desktop = Self { bad, ..Self::default() };
        for entry in entries.into_iter().filter(|entry| entry.section == "Desktop Entry") {
            desktop.take(entry);
        }
        desktop
    }

    /// Whether a session starts it.
    pub fn is_started(&self) -> bool {
        !self.hidden && !self.switched_off && !self.exec.is_empty()
    }

    fn take(&mut self, entry: ini::Entry) {
        match entry.key.as_bytes() {
            b"Name" => self.name = entry.value,
            b"Exec" => {
                self.exec = without_field_codes(&entry.value);
                self.exec_line = entry.line;
            }
            b"Hidden" => self.hidden = entry.value == "true",
            b"NoDisplay" => self.no_display = entry.value == "true",
            key if key.starts_with(b"X-") => {
                let off = key.ends_with(b"Autostart-enabled") && entry.value == "false";
                self.switched_off |= off;
                let line = [key, b"=", entry.value.as_bytes()].concat();
                self.extensions.push(Text::new(line));
            }
            _ => {}
        }
    }
}

/// Takes out `%f`, `%U`, ... and turns `%%` into `%`.
fn without_field_codes(exec: &Text) -> Text {
    let codes: [&[u8]; 13] =
        [b"%f", b"%F", b"%u", b"%U", b"%i", b"%c", b"%k", b"%d", b"%D", b"%n", b"%N", b"%v", b"%m"];
    if !codes.iter().any(|code| memchr::memmem::find(exec.as_bytes(), code).is_some()) {
        return exec.clone();
    }
    let words = split_words(exec.as_bytes());
    super::exec::shell_quoted(words.iter().filter(|word| !codes.contains(&word.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_command_and_its_line_are_read_from_the_main_group_only() {
        let text = b"[Desktop Entry]\nName=A\nExec=/etc/xdg/x %u\nX-GNOME-Autostart-Phase=A\n\
            [Desktop Action new]\nExec=/other\n";
        let entry = DesktopEntry::parse(text);
        assert_eq!((entry.exec.clone(), entry.exec_line), (Text::from("/etc/xdg/x"), 3));
        assert!(entry.is_started());
        assert_eq!(entry.extensions.len(), 1);
    }

    #[test]
    fn hidden_and_switched_off_entries_are_not_started() {
        for line in ["Hidden=true", "X-GNOME-Autostart-enabled=false"] {
            let text = format!("[Desktop Entry]\nExec=/a\n{line}\n");
            assert!(!DesktopEntry::parse(text.as_bytes()).is_started(), "{line}");
        }
    }

    #[test]
    fn not_being_shown_does_not_keep_an_entry_from_starting() {
        let entry = DesktopEntry::parse(b"[Desktop Entry]\nExec=/a\nNoDisplay=true\n");
        assert!(entry.is_started() && entry.no_display);
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            DesktopEntry::parse(&bytes);
        }
    }
}
