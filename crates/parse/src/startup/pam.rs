//! PAM stacks, as far as they run programs: `pam_exec.so` (pam.conf(5), `pam_exec(8)`).

use crate::{BadLine, Text, lines};

use super::trim;

/// A rule of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamRule {
    /// The line it begins in.
    pub line: u32,
    /// `auth`, `session`, ...; a leading `-` is taken off.
    pub kind: Text,
    /// `required` or `[success=1 default=ignore]`.
    pub control: Text,
    /// `pam_exec.so` or an absolute path.
    pub module: Text,
    /// Arguments, brackets taken off.
    pub arguments: Vec<Text>,
}

/// What a `pam_exec` rule runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamExec {
    /// Program and its arguments.
    pub command: Vec<Text>,
    /// `expose_authtok`: the program reads the password from its input.
    pub gets_password: bool,
    /// `seteuid`: runs with the effective, not the real user id.
    pub effective_user: bool,
}

impl PamRule {
    /// What the rule runs when its module is `pam_exec.so`.
    pub fn exec(&self) -> Option<PamExec> {
        let name = self.module.as_bytes().rsplit(|&byte| byte == b'/').next()?;
        if name != b"pam_exec.so" {
            return None;
        }
        let option = |word: &&Text| !word.as_bytes().starts_with(b"/");
        let has = |name: &str| self.arguments.iter().take_while(option).any(|word| *word == name);
        Some(PamExec {
            command: self.arguments.iter().skip_while(option).cloned().collect(),
            gets_password: has("expose_authtok"),
            effective_user: has("seteuid"),
        })
    }
}

/// The rules of a file below `/etc/pam.d`; `@include` lines and comments are left out.
pub fn rules(content: &[u8]) -> Vec<Result<PamRule, BadLine>> {
    read(content, false)
}

/// The rules of `/etc/pam.conf`, which name a service first.
pub fn rules_with_service(content: &[u8]) -> Vec<Result<PamRule, BadLine>> {
    read(content, true)
}

fn read(content: &[u8], with_service: bool) -> Vec<Result<PamRule, BadLine>> {
    let mut found = Vec::new();
    let mut joined: Option<(u32, Vec<u8>)> = None;
    for line in lines(content) {
        let line = match line {
            Ok(line) => line,
            Err(bad) => {
                joined = None;
                found.push(Err(bad));
                continue;
            }
        };
        let (start, mut whole) = joined.take().unwrap_or((line.number, Vec::new()));
        let text = before_comment(line.bytes).trim_ascii_end();
        if let Some(part) = text.strip_suffix(b"\\").filter(|_| whole.len() < 65_536) {
            whole.extend_from_slice(part);
            whole.push(b' ');
            joined = Some((start, whole));
        } else {
            whole.extend_from_slice(text);
            found.extend(rule(start, &whole, with_service).map(Ok));
        }
    }
    found.extend(joined.and_then(|(start, whole)| rule(start, &whole, with_service)).map(Ok));
    found
}

fn before_comment(line: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'#', line).unwrap_or(line.len());
    line.get(..end).unwrap_or_default()
}

fn rule(line: u32, text: &[u8], with_service: bool) -> Option<PamRule> {
    let text = trim(text);
    if text.starts_with(b"@") {
        return None;
    }
    let mut words = words(text).into_iter();
    if with_service {
        words.next()?;
    }
    let kind = words.next()?;
    let kind = Text::from(kind.as_bytes().strip_prefix(b"-").unwrap_or(kind.as_bytes()));
    let (control, module) = (words.next()?, words.next()?);
    Some(PamRule { line, kind, control, module, arguments: words.collect() })
}

/// Words; what stands in square brackets is one word, without them.
fn words(text: &[u8]) -> Vec<Text> {
    let mut found = Vec::new();
    let mut rest = text.trim_ascii_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix(b"[") {
            Some(inner) => split(inner, |byte| byte == b']'),
            None => split(rest, |byte| byte.is_ascii_whitespace()),
        };
        found.push(Text::from(word));
        rest = after.trim_ascii_start();
    }
    found
}

fn split(bytes: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|&byte| ends(byte)).unwrap_or(bytes.len());
    (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exec(text: &str) -> Option<PamExec> {
        rules(text.as_bytes()).remove(0).unwrap().exec()
    }

    #[test]
    fn a_script_that_is_given_the_password_is_seen() {
        let got =
            exec("auth optional pam_exec.so quiet expose_authtok /var/log/spy.sh a\n").unwrap();
        assert!(got.gets_password && !got.effective_user);
        assert_eq!(got.command, [Text::from("/var/log/spy.sh"), Text::from("a")]);
    }

    #[test]
    fn bracketed_controls_and_continued_lines_are_one_rule() {
        let text = "-session [success=ok default=ignore] \\\n /lib/security/pam_exec.so \\\n seteuid /bin/x\n";
        let got = exec(text).unwrap();
        assert!(got.effective_user);
        assert_eq!(rules(text.as_bytes())[0].as_ref().unwrap().kind, "session");
    }

    #[test]
    fn an_option_after_the_program_belongs_to_the_program() {
        let got = exec("auth optional pam_exec.so /bin/x expose_authtok\n").unwrap();
        assert!(!got.gets_password);
    }

    #[test]
    fn other_modules_includes_and_comments_run_nothing() {
        assert_eq!(exec("auth required pam_unix.so nullok\n"), None);
        assert!(rules(b"@include common-auth\n# auth optional pam_exec.so /x\n\n").is_empty());
    }

    #[test]
    fn the_old_single_file_names_a_service_first() {
        let got = rules_with_service(b"sshd auth optional pam_exec.so /bin/x\n");
        assert!(got[0].as_ref().unwrap().exec().is_some());
    }

    proptest! {
        #[test]
        fn any_bytes_parse(bytes: Vec<u8>) {
            rules(&bytes).iter().flatten().for_each(|rule| { rule.exec(); });
            rules_with_service(&bytes);
        }
    }
}
