//! Making a way in, or a way up: accounts, keys, rights, set-uid programs.

use super::super::programs::is_interpreter;
use super::super::shell::{Command, How, base_name};
use super::walk::Walk;
use super::{Kind, Place, Strength, place};

pub(super) fn command(command: &Command, walk: &mut Walk<'_>) {
    match command.name() {
        b"useradd" | b"adduser" | b"usermod" | b"luseradd" => account(command, walk),
        b"chpasswd" | b"newusers" => {
            raise(Kind::AccountChange, Strength::Likely, "sets passwords", command, walk);
        }
        b"passwd" => password(command, walk),
        b"chmod" => set_uid(command, walk),
        b"install" => installed_set_uid(command, walk),
        b"setcap" => capability(command, walk),
        b"chattr" => attribute(command, walk),
        _ => {}
    }
    for path in written(command) {
        writes(&path, command, walk);
    }
}

fn raise(
    kind: Kind,
    strength: Strength,
    technique: &'static str,
    command: &Command,
    walk: &mut Walk<'_>,
) {
    walk.raise(kind, strength, technique, &command.span);
}

/// The value after an option, or attached to it.
fn option<'a>(command: &'a Command, short: &str, long: &str) -> Option<&'a [u8]> {
    let words = command.argv();
    words.iter().enumerate().skip(1).find_map(|(at, word)| {
        let text = word.text.as_slice();
        if text == short.as_bytes() || text == long.as_bytes() {
            return words.get(at + 1).map(|word| word.text.as_slice());
        }
        let cluster = text.starts_with(b"-") && !text.starts_with(b"--") && text.len() > 2;
        if cluster && text.last() == short.as_bytes().last() {
            return words.get(at + 1).map(|word| word.text.as_slice());
        }
        text.strip_prefix(long.as_bytes())?.strip_prefix(b"=")
    })
}

fn account(command: &Command, walk: &mut Walk<'_>) {
    if option(command, "-u", "--uid") == Some(b"0") {
        let technique = "makes an account with uid 0";
        raise(Kind::AccountChange, Strength::Certain, technique, command, walk);
        return;
    }
    let groups = option(command, "-G", "--groups").unwrap_or_default();
    let powerful = groups.split(|&byte| byte == b',').any(|group| {
        matches!(
            group,
            b"sudo" | b"wheel" | b"root" | b"docker" | b"shadow" | b"disk" | b"adm" | b"lxd"
        )
    });
    if powerful {
        let technique = "gives an account the rights of root";
        raise(Kind::AccountChange, Strength::Likely, technique, command, walk);
    } else if option(command, "-p", "--password").is_some() {
        let technique = "gives an account a password";
        raise(Kind::AccountChange, Strength::Likely, technique, command, walk);
    }
}

fn password(command: &Command, walk: &mut Walk<'_>) {
    if command.has("--stdin") || command.has("-d") {
        raise(Kind::AccountChange, Strength::Likely, "sets a password", command, walk);
    }
}

/// Files that a command writes to: redirections, `tee`, the last argument of `cp` and `mv`.
fn written(command: &Command) -> Vec<Vec<u8>> {
    let redirected = command
        .redirects
        .iter()
        .filter(|redirect| matches!(redirect.how, How::Write | How::Append | How::ReadWrite));
    let mut paths: Vec<Vec<u8>> = redirected.map(|redirect| redirect.target.text.clone()).collect();
    let arguments = command.argv().get(1..).unwrap_or_default();
    match command.name() {
        b"tee" => {
            let files = arguments.iter().filter(|word| !word.text.starts_with(b"-"));
            paths.extend(files.map(|word| word.text.clone()));
        }
        b"cp" | b"mv" | b"install" | b"ln" => {
            paths.extend(arguments.last().map(|word| word.text.clone()));
        }
        b"sed" if arguments.iter().any(|word| word.text.starts_with(b"-i")) => {
            paths.extend(arguments.last().map(|word| word.text.clone()));
        }
        _ => {}
    }
    paths
}

fn writes(path: &[u8], command: &Command, walk: &mut Walk<'_>) {
    if matches!(base_name(path), b"authorized_keys" | b"authorized_keys2") {
        raise(Kind::KeyChange, Strength::Likely, "writes authorized keys", command, walk);
        return;
    }
    let (strength, technique) = match path {
        b"/etc/passwd" | b"/etc/shadow" | b"/etc/gshadow" => {
            (Strength::Likely, "writes the list of accounts")
        }
        b"/etc/sudoers" | b"/etc/doas.conf" => (Strength::Likely, "writes rights of sudo"),
        _ if path.starts_with(b"/etc/sudoers.d/") => (Strength::Likely, "writes rights of sudo"),
        b"/etc/ld.so.preload" => {
            let technique = "puts a library under every program";
            raise(Kind::Preload, Strength::Certain, technique, command, walk);
            return;
        }
        _ => return,
    };
    // A line with uid 0, or one that asks for no password, leaves no doubt.
    let root = command.argv().iter().any(|word| gives_root(&word.text));
    let strength = match command.name() {
        _ if root && path.ends_with(b"passwd") => Strength::Certain,
        // Putting a whole file back is what package scripts and admins do.
        b"cp" | b"mv" | b"install" | b"ln" => Strength::Weak,
        b"cat" if command.argv().len() > 1 => Strength::Weak,
        _ => strength,
    };
    raise(Kind::AccountChange, strength, technique, command, walk);
}

fn gives_root(text: &[u8]) -> bool {
    memchr::memmem::find(text, b":0:0:").is_some() && memchr::memmem::find(text, b"/").is_some()
}

/// `chmod u+s`, `chmod 4755`.
fn set_uid(command: &Command, walk: &mut Walk<'_>) {
    let mut words = command.argv().iter().skip(1).filter(|word| !word.text.starts_with(b"-"));
    let Some(mode) = words.next() else { return };
    if !sets_uid(&mode.text) {
        return;
    }
    for file in words {
        privilege(&file.text, "makes a program set-uid", command, walk);
    }
}

fn installed_set_uid(command: &Command, walk: &mut Walk<'_>) {
    let mode = option(command, "-m", "--mode");
    if mode.is_some_and(sets_uid)
        && let Some(file) = command.argv().last()
    {
        privilege(&file.text, "makes a program set-uid", command, walk);
    }
}

fn sets_uid(mode: &[u8]) -> bool {
    let octal = mode.iter().all(|byte| (b'0'..=b'7').contains(byte)) && !mode.is_empty();
    if octal {
        let special = mode.len().checked_sub(4).and_then(|at| mode.get(at));
        return special.is_some_and(|digit| (digit - b'0') & 4 != 0);
    }
    mode.split(|&byte| byte == b',').any(|part| {
        let at = part.iter().position(|byte| b"+=".contains(byte));
        at.is_some_and(|at| {
            let (who, what) = part.split_at_checked(at).unwrap_or((part, &[]));
            what.contains(&b's') && (who.is_empty() || who.contains(&b'u') || who.contains(&b'a'))
        })
    })
}

/// Set-uid on a shell, an interpreter or in an odd place leaves no doubt; elsewhere it is what
/// installing programs looks like.
fn privilege(file: &[u8], technique: &'static str, command: &Command, walk: &mut Walk<'_>) {
    let powerful = is_interpreter(file) || opens_a_shell(base_name(file));
    let odd = place(file) != Place::Ordinary;
    let strength = if powerful || odd { Strength::Certain } else { Strength::Weak };
    raise(Kind::Privilege, strength, technique, command, walk);
}

/// Programs that give a shell when they run as root (a short list of the well-known).
fn opens_a_shell(name: &[u8]) -> bool {
    matches!(
        name,
        b"find"
            | b"vim"
            | b"vi"
            | b"nano"
            | b"env"
            | b"cp"
            | b"mv"
            | b"tar"
            | b"less"
            | b"more"
            | b"man"
            | b"gdb"
            | b"nmap"
            | b"busybox"
            | b"dd"
            | b"tee"
            | b"openssl"
            | b"xxd"
            | b"docker"
            | b"socat"
    )
}

fn capability(command: &Command, walk: &mut Walk<'_>) {
    const POWERFUL: [&str; 6] = [
        "cap_setuid",
        "cap_sys_admin",
        "cap_dac_override",
        "cap_sys_ptrace",
        "cap_sys_module",
        "=ep",
    ];
    let words = command.argv().get(1..).unwrap_or_default();
    let strong = words.iter().any(|word| {
        let text = word.text.to_ascii_lowercase();
        POWERFUL.iter().any(|name| {
            if *name == "=ep" {
                text == b"=ep"
            } else {
                memchr::memmem::find(&text, name.as_bytes()).is_some()
            }
        })
    });
    let Some(file) = words.last().filter(|_| strong) else { return };
    privilege(&file.text, "gives a program capabilities", command, walk);
}

/// `chattr +i` on what an intruder wants to keep.
fn attribute(command: &Command, walk: &mut Walk<'_>) {
    let words = command.argv().get(1..).unwrap_or_default();
    let sets = words.iter().any(|word| {
        matches!(word.text.as_slice(), [b'+', letters @ ..] if letters.iter().any(|l| b"ia".contains(l)))
    });
    for word in
        words.iter().filter(|word| !word.text.starts_with(b"+") && !word.text.starts_with(b"-"))
    {
        let path = word.text.as_slice();
        let kept = [
            &b"/etc/cron"[..],
            b"/var/spool/cron",
            b"/etc/passwd",
            b"/etc/shadow",
            b"/etc/sudoers",
            b"/etc/ld.so.preload",
            b"/etc/systemd/system",
            b"/usr/lib/systemd",
            b"/etc/rc.local",
            b"/etc/init.d",
            b"/usr/bin/",
            b"/bin/",
            b"/usr/sbin/",
            b"/sbin/",
        ];
        let precious = kept.iter().any(|prefix| path.starts_with(prefix))
            || base_name(path).starts_with(b"authorized_keys")
            || place(path) != Place::Ordinary;
        if sets && precious {
            let technique = "makes a file that cannot be removed";
            raise(Kind::Immutable, Strength::Likely, technique, command, walk);
        }
    }
}
