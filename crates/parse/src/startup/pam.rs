//! Programs that PAM stacks run: `pam_exec.so` (`pam_exec(8)`). The stacks are
//! [`crate::account::pam`]'s.

use crate::Text;

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

/// What a module of a stack runs; `None` when it is not `pam_exec.so`. Options stand before the
/// program, which is the first argument that is a path.
pub fn exec(module: &Text, arguments: &[Text]) -> Option<PamExec> {
    let name = module.as_bytes().rsplit(|&byte| byte == b'/').next()?;
    if name != b"pam_exec.so" {
        return None;
    }
    let is_option = |word: &&Text| !word.as_bytes().starts_with(b"/");
    let has = |name: &str| arguments.iter().take_while(is_option).any(|word| *word == *name);
    Some(PamExec {
        command: arguments.iter().skip_while(is_option).cloned().collect(),
        gets_password: has("expose_authtok"),
        effective_user: has("seteuid"),
    })
}

/// `/etc/pam.conf` in the form of a file of `/etc/pam.d`: without the service that begins each
/// line. Lines keep their numbers.
pub fn without_services(content: &[u8]) -> Vec<u8> {
    let rest = |line: &[u8]| {
        let text = line.trim_ascii_start();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let whole = text.starts_with(b"#") || text.starts_with(b"@");
        if whole { text.to_vec() } else { text.get(end..).unwrap_or_default().to_vec() }
    };
    content.split(|&byte| byte == b'\n').map(rest).collect::<Vec<_>>().join(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{PamStatement, pam};

    fn run(text: &str) -> Option<PamExec> {
        match pam(text.as_bytes()).entries.remove(0).statement {
            PamStatement::Module { module, arguments, .. } => exec(&module, &arguments),
            PamStatement::Include(_) => None,
        }
    }

    #[test]
    fn a_script_that_is_given_the_password_is_seen() {
        let got =
            run("auth optional pam_exec.so quiet expose_authtok /var/log/spy.sh a\n").unwrap();
        assert!(got.gets_password && !got.effective_user);
        assert_eq!(got.command, [Text::from("/var/log/spy.sh"), Text::from("a")]);
    }

    #[test]
    fn the_last_rule_counts_even_when_its_continuation_never_comes() {
        let got =
            run("-session [success=ok default=ignore] \\\n /lib/pam_exec.so seteuid /bin/x \\");
        assert!(got.unwrap().effective_user);
    }

    #[test]
    fn an_option_after_the_program_belongs_to_the_program() {
        assert!(!run("auth optional pam_exec.so /bin/x expose_authtok\n").unwrap().gets_password);
    }

    #[test]
    fn other_modules_run_nothing() {
        assert_eq!(run("auth required pam_unix.so nullok\n"), None);
    }

    #[test]
    fn the_old_single_file_names_a_service_first() {
        let stack = without_services(b"# x\nsshd auth optional pam_exec.so /bin/x\n");
        let line = pam(&stack).entries.remove(0);
        assert_eq!(line.line, 2);
    }
}
