//! Which programs a command starts.

use super::shell::{self, Command, Role, Script, base_name};
use crate::Text;

/// A command that names more programs than this names enough.
const MOST_PROGRAMS: usize = 64;
/// Only so much of a text is looked at for programs.
const LONGEST: usize = 256 * 1024;

/// Words that are no programs of their own (bash(1), "Shell Builtin Commands").
const BUILTINS: &[&str] = &[
    ".",
    ":",
    "[",
    "alias",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "cd",
    "command",
    "compgen",
    "complete",
    "continue",
    "declare",
    "dirs",
    "disown",
    "echo",
    "enable",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "getopts",
    "hash",
    "help",
    "history",
    "jobs",
    "let",
    "local",
    "logout",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "return",
    "set",
    "shift",
    "shopt",
    "source",
    "suspend",
    "test",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
    "then",
    "else",
    "fi",
    "done",
    "do",
    "esac",
    "}",
    "[[",
];

/// The programs that a command line starts, in order, each once: first words behind assignments
/// and wrappers (`env`, `sudo -u x`, `nohup`, ...), scripts given to an interpreter or to `.`,
/// and the same for text given to a shell (`sh -c '..'`, `$(..)`).
///
/// Names come as they are written: `/usr/bin/x`, `./x` or a bare name to look up along `PATH`.
pub fn programs(command: &[u8]) -> Vec<Text> {
    let kept = command.get(..LONGEST).unwrap_or(command);
    let mut found = Vec::new();
    collect(&shell::parse(kept), &mut found);
    found
}

fn collect(script: &Script, found: &mut Vec<Text>) {
    for command in &script.commands {
        of_command(command, found);
        for inner in &command.inner {
            if inner.role != Role::Later {
                collect(&inner.script, found);
            }
        }
    }
}

fn of_command(command: &Command, found: &mut Vec<Text>) {
    // Wrappers are programs too: `sudo x` starts both.
    let mut at = 0;
    while let Some(word) = command.words.get(at).filter(|_| at <= command.program_at) {
        let is_wrapper = at < command.program_at;
        if word.known && (at == 0 || !is_wrapper) {
            add(prefix_removed(&word.text), found);
        }
        at = if is_wrapper { command.program_at } else { at + 1 };
    }
    if let Some(script) = interpreted(command) {
        add(&script, found);
    }
}

fn add(name: &[u8], found: &mut Vec<Text>) {
    let builtin = BUILTINS.iter().any(|word| word.as_bytes() == name);
    let plausible = !name.is_empty() && name.len() < 4096 && !name.starts_with(b"-");
    let text = Text::from(name);
    if plausible && !builtin && found.len() < MOST_PROGRAMS && !found.contains(&text) {
        found.push(text);
    }
}

/// Without the marks that systemd allows before a path (systemd.service(5), `ExecStart=`).
fn prefix_removed(name: &[u8]) -> &[u8] {
    let marks = name.iter().take_while(|byte| b"-@:+!|".contains(byte)).count();
    match name.get(marks..) {
        Some(path) if path.starts_with(b"/") => path,
        _ => name,
    }
}

/// The script file that an interpreter is given, or that `.` reads.
pub(super) fn interpreted(command: &Command) -> Option<Vec<u8>> {
    let name = command.name();
    let arguments = command.argv().get(1..)?;
    if matches!(name, b"." | b"source") {
        return arguments.first().filter(|word| word.known).map(|word| word.text.clone());
    }
    if !is_interpreter(name) {
        return None;
    }
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.text.as_slice() {
            // Code on the command line, or a module: no script.
            b"-c" | b"-e" | b"-m" | b"-r" | b"-" | b"-s" | b"-E" | b"--eval" => return None,
            b"-jar" | b"-f" => {
                let file = words.next().filter(|word| word.known);
                return file.map(|word| word.text.clone());
            }
            b"-o" | b"-O" | b"-W" | b"-X" | b"-I" | b"--rcfile" | b"--init-file" => {
                words.next();
            }
            [b'-', letters @ ..] if is_shell(name) && !letters.starts_with(b"-") => {
                if letters.contains(&b'c') || letters.contains(&b's') {
                    return None;
                }
            }
            // `perl -nle CODE`, but not `perl -Mmodule script`.
            [b'-', b'I' | b'M' | b'm' | b'W' | b'X' | b'-', ..] => {}
            [b'-', letters @ ..] if letters.iter().any(|letter| b"ecE".contains(letter)) => {
                return None;
            }
            [b'-' | b'+', ..] => {}
            // awk's first operand is code, not a file.
            _ if name.ends_with(b"awk") => return None,
            text => return word.known.then(|| text.to_vec()),
        }
    }
    None
}

pub(super) fn is_shell(name: &[u8]) -> bool {
    shell::SHELLS.contains(&base_name(name))
}

/// Interpreters of scripts, versions put aside: `python3.11` is one.
pub(super) fn is_interpreter(name: &[u8]) -> bool {
    const INTERPRETERS: [&[u8]; 16] = [
        b"python", b"perl", b"ruby", b"php", b"node", b"nodejs", b"lua", b"luajit", b"tclsh",
        b"java", b"awk", b"gawk", b"mawk", b"nawk", b"pwsh", b"expect",
    ];
    let name = base_name(name);
    let length = name
        .iter()
        .rposition(|byte| !(byte.is_ascii_digit() || *byte == b'.'))
        .map_or(0, |at| at + 1);
    let plain = name.get(..length).unwrap_or_default();
    is_shell(name) || INTERPRETERS.contains(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &str) -> Vec<String> {
        programs(command.as_bytes()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_word_behind_assignments_and_wrappers_is_the_program() {
        assert_eq!(names("A=1 env B=2 nice -n 19 /opt/x/run --fast"), ["env", "/opt/x/run"]);
        assert_eq!(names("sudo -u www-data timeout -k 5 60 backup"), ["sudo", "backup"]);
        assert_eq!(names("nohup setsid ./agent >/dev/null 2>&1 &"), ["nohup", "./agent"]);
    }

    #[test]
    fn text_given_to_a_shell_is_looked_into() {
        assert_eq!(names("/bin/sh -c '/opt/a && exec /opt/b'"), ["/bin/sh", "/opt/a", "/opt/b"]);
        assert_eq!(names("su - app -c \"/srv/app/start\""), ["su", "/srv/app/start"]);
    }

    #[test]
    fn the_script_of_an_interpreter_counts_and_its_code_does_not() {
        assert_eq!(names("python3 -u /opt/x.py --flag"), ["python3", "/opt/x.py"]);
        assert_eq!(names("bash -x /opt/x.sh"), ["bash", "/opt/x.sh"]);
        assert_eq!(names("python3 -c 'import os'"), ["python3"]);
        assert_eq!(names(". /etc/default/x"), ["/etc/default/x"]);
    }

    #[test]
    fn a_test_before_the_program_is_no_program() {
        let debian = "test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )";
        assert_eq!(names(debian), ["run-parts"]);
        assert_eq!(names("[ -x /opt/x ] && /opt/x"), ["/opt/x"]);
        assert_eq!(names("if [ -d /a ]; then /opt/x; fi"), ["/opt/x"]);
    }

    #[test]
    fn names_taken_apart_are_put_together_again() {
        assert_eq!(names("c''u\"r\"l http://192.0.2.1/x"), ["curl"]);
        assert_eq!(names("a=cu;b=rl;$a$b http://192.0.2.1/x"), ["curl"]);
        assert_eq!(names("cat$IFS/etc/passwd"), ["cat"]);
        assert_eq!(names("{curl,-s,192.0.2.1}"), ["curl"]);
        assert_eq!(names("$(echo Y3VybA== | base64 -d) 192.0.2.1"), ["curl", "base64"]);
        assert_eq!(names("$'\\x63url' 192.0.2.1"), ["curl"]);
        assert_eq!(names("cu\\\nrl 192.0.2.1"), ["curl"]);
        assert_eq!(names("c$@url 192.0.2.1"), ["curl"]);
    }

    #[test]
    fn what_only_a_run_would_tell_is_left_out() {
        assert_eq!(names("$UNKNOWN/x; $(unknown) y"), ["unknown"]);
    }

    #[test]
    fn marks_of_units_are_removed() {
        assert_eq!(names("-/usr/bin/x"), ["/usr/bin/x"]);
    }

    #[test]
    fn the_program_of_a_start_script_is_found() {
        let line = "start-stop-daemon --start --quiet --exec /usr/sbin/x -- -f";
        assert_eq!(names(line), ["start-stop-daemon", "/usr/sbin/x"]);
    }
}
