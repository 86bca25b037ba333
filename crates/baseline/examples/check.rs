//! Verifies a root and prints what it found: for measuring.
#![allow(missing_docs, clippy::disallowed_macros, clippy::unwrap_used)]
use std::collections::HashSet;
use std::time::{Duration, Instant};

use coroner_baseline::PackageDb;
use coroner_core::Deadline;
use coroner_core::packages::PackageKnowledge;
use coroner_host::{Host, HostSources};

fn main() {
    let root = std::env::args().nth(1).unwrap();
    let t = Instant::now();
    let host = Host::open(HostSources::offline(root)).unwrap();
    let t1 = t.elapsed();
    let db = PackageDb::load(host.root());
    let t2 = t.elapsed();
    println!("{} packages, open {t1:?}, loaded {:?}", db.packages().len(), t2 - t1);
    for gap in db.gaps() {
        println!("{gap:?}");
    }
    if std::env::args().nth(2).is_some() {
        return;
    }
    let v = db.verify(&host, &HashSet::new(), Deadline::after(Duration::from_secs(60)));
    println!(
        "checked {} agreed {} without {} gaps {} in {:?}",
        v.checked,
        v.agreed,
        v.without_digest,
        v.gaps.len(),
        t.elapsed() - t2
    );
    for f in &v.suspects {
        println!("{:?} {} {:?}", f.state, f.path, f.package);
    }
}
