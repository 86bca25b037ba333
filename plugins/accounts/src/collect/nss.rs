//! nsswitch.conf: each service is a library loaded into every program that asks for a name.

use coroner_core::{Blocked, Cx, HostPath, Text};
use coroner_parse::account;

use super::bad_lines;
use crate::items::NssService;

/// Services in all; real files name about thirty.
const MOST_SERVICES: usize = 500;

/// Where the loader looks, on the architectures that servers have.
const DIRS: &[&str] = &[
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/i386-linux-gnu",
    "/usr/lib/arm-linux-gnueabihf",
    "/usr/lib/riscv64-linux-gnu",
    "/usr/lib/powerpc64le-linux-gnu",
    "/usr/lib/s390x-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
    "/usr/local/lib64",
];

pub(super) fn collect(cx: &mut Cx<'_>) {
    let path = HostPath::new("/etc/nsswitch.conf");
    let Some(content) = cx.read(&path) else { return };
    let table = account::nsswitch(&content.bytes);
    bad_lines(cx, &path, &table.bad);
    let mut room = MOST_SERVICES;
    for database in table.entries {
        for service in database.services {
            let Some(less) = room.checked_sub(1) else { return cx.gap(&path, Blocked::TooLarge) };
            room = less;
            let library = library(cx, &service);
            if let Some(library) = &library {
                cx.want(library);
            }
            let (line, database) = (database.line, database.name.clone());
            cx.emit(NssService { database, line, service, library });
        }
    }
}

/// The first library of that name. A service with a slash is loaded from where it points to.
fn library(cx: &mut Cx<'_>, service: &Text) -> Option<HostPath> {
    let name = [b"libnss_", service.as_bytes(), b".so.2"].concat();
    let dirs = DIRS.iter().map(|dir| HostPath::new(dir).join(&name));
    let candidates: Vec<HostPath> = dirs.collect();
    candidates.into_iter().find(|path| cx.stat(path).is_some())
}
