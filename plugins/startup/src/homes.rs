//! The homes of all accounts, as `/etc/passwd` of the root names them.

use coroner_core::{Cx, HostPath};
use coroner_parse::{Text, lines};

/// More homes than this are not looked into; a host with more keeps them elsewhere.
const MOST: usize = 2_000;

/// An account and its home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) account: Text,
    pub(crate) path: HostPath,
}

/// Every home once, with the first account that has it; places that are no homes are left out.
pub(crate) fn of_accounts(cx: &mut Cx<'_>) -> Vec<Home> {
    let passwd = HostPath::new("/etc/passwd");
    let mut homes = vec![Home { account: Text::from("root"), path: HostPath::new("/root") }];
    if let Some(content) = cx.read(&passwd) {
        for line in lines(&content.bytes).flatten() {
            let Some(home) = home(line.bytes) else { continue };
            if homes.iter().all(|known| known.path != home.path) {
                homes.push(home);
            }
            if homes.len() == MOST {
                cx.gap_because(
                    &passwd,
                    coroner_core::Blocked::TooLarge,
                    "more homes than are looked into",
                );
                break;
            }
        }
    }
    homes.retain(|home| is_home(&home.path));
    homes
}

fn home(line: &[u8]) -> Option<Home> {
    let mut fields = line.split(|&byte| byte == b':');
    let account = fields.next().filter(|name| !name.is_empty())?;
    let path = fields.nth(4).filter(|path| path.starts_with(b"/"))?;
    Some(Home { account: Text::from(account), path: HostPath::new(path) })
}

/// Whether start files would be looked for there: not `/`, a device, a program directory or /proc.
fn is_home(path: &HostPath) -> bool {
    const NOT: [&str; 8] =
        ["/dev", "/proc", "/sys", "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/nonexistent"];
    path.as_bytes() != b"/" && !NOT.iter().any(|dir| path.is_under(dir))
}
