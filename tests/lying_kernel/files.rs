//! Files and modules, taken out of listings and contents.

use std::path::PathBuf;
use std::process::Command;

use coroner_core::Level;

use crate::liar::{self, EVERY_READ, Hide, READ, READS, hide, rewrite};
use crate::support::plant;
use crate::{audit, found, of, root, says, shown};

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_file_taken_out_of_its_directory_is_announced_by_the_kernel_itself() {
    for name in ["a-first-one", "backdoor", "the-last-one"] {
        for how in [Hide::Compact, Hide::FalseEnd] {
            let root = root();
            let told = audit(root.path(), &mut [hide("/etc/cron.d", &[name.to_owned()], how)]);
            let entry = found(&told, "hidden/directory-entry", "/etc/cron.d");
            assert!(says(entry, "withheld", "bytes"), "{name}: {:#?}", shown(&told));
        }
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_file_hidden_in_the_record_before_it_is_named() {
    let root = root();
    // The order of names is the file system's: one of three has another before it in any order.
    let mut named = 0;
    for name in ["a-first-one", "backdoor", "the-last-one"] {
        let told = audit(root.path(), &mut [hide("/etc/cron.d", &[name.to_owned()], Hide::Grow)]);
        found(&told, "hidden/directory-entry", "/etc/cron.d");
        let records = of(&told, "hidden/directory-record");
        named += usize::from(records.iter().any(|f| says(f, "hidden name", name)));
    }
    assert!(named >= 2, "{named}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_name_that_opens_and_a_folder_that_is_counted_are_missed_in_their_listing() {
    let root = root();
    let told =
        audit(root.path(), &mut [hide("/etc", &["ld.so.preload".to_owned()], Hide::Compact)]);
    let entry = found(&told, "hidden/directory-entry", "/etc");
    assert!(says(entry, "opens and is not listed", "ld.so.preload"), "{:#?}", shown(&told));
    let told =
        audit(root.path(), &mut [hide("/etc/cron.d", &["folder".to_owned()], Hide::Compact)]);
    let links = found(&told, "hidden/directory-links", "/etc/cron.d");
    assert!(says(links, "directories shown", "0"), "{:#?}", shown(&told));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_line_cut_out_of_what_is_read_shows_in_the_mapped_file() {
    let root = root();
    for calls in [&READ[..], &READS[..]] {
        let mut lies = [rewrite("/etc/passwd", "ghost:x:0:0::/:/bin/sh\n", "", calls)];
        let told = audit(root.path(), &mut lies);
        let content = found(&told, "hidden/content", "/etc/passwd");
        assert!(says(content, "the mapped file gives", "ghost:x:0:0"), "{:#?}", shown(&told));
        assert_eq!(told.report.verdict.level, Level::Compromised);
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_shortened_list_of_modules_contradicts_the_symbols() {
    let (root, proc) = (root(), tempfile::tempdir().unwrap());
    let line = "rk 16384 0 - Loading 0x0000000000000000\n";
    plant(proc.path(), "/modules", format!("{line}other 1 0 - Loading 0x0\n"), 0o444);
    let symbols = "0000000000000000 t hook\t[rk]\n0000000000000000 t x\t[other]\n";
    plant(proc.path(), "/kallsyms", symbols, 0o444);
    let args = ["--only", "modules", "--scope", "quick"];
    let places = ["--root", root.path().to_str().unwrap(), "--proc", proc.path().to_str().unwrap()];
    let args = [&args[..], &places].concat();
    let honest = liar::audit(&args, &mut []);
    assert_eq!(shown(&honest), Vec::<String>::new());
    let told = liar::audit(&args, &mut [rewrite("/modules", line, "", &READS)]);
    assert!(told.lies > 0);
    let module = found(&told, "modules/hidden-module", "/proc/kallsyms");
    assert!(says(module, "module", "rk"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn a_list_of_modules_shortened_for_read_alone_is_whole_for_another_call() {
    let (root, proc) = (root(), tempfile::tempdir().unwrap());
    let line = "rk 16384 0 - Loading 0x0000000000000000\n";
    plant(proc.path(), "/modules", format!("{line}other 1 0 - Loading 0x0\n"), 0o444);
    let places = ["--root", root.path().to_str().unwrap(), "--proc", proc.path().to_str().unwrap()];
    let args = [&["--only", "modules", "--scope", "quick"][..], &places].concat();
    let told = liar::audit(&args, &mut [rewrite("/modules", line, "", &READ)]);
    let module = found(&told, "modules/hidden-module", "/proc/modules");
    assert!(says(module, "module", "rk"), "{:#?}", shown(&told));
}

/// The same small root on a disk of its own, whose files have not changed for years.
struct Disk {
    dir: tempfile::TempDir,
}

impl Disk {
    fn mounted() -> Self {
        let (dir, root) = (tempfile::tempdir().unwrap(), root());
        let (image, point) = (dir.path().join("image"), dir.path().join("root"));
        std::fs::File::create(&image).unwrap().set_len(32 << 20).unwrap();
        std::fs::create_dir(&point).unwrap();
        must(Command::new("mkfs.ext4").args(["-q", "-F", "-d"]).arg(root.path()).arg(&image));
        let paths = ["/etc", "/etc/passwd", "/etc/cron.d", "/etc/ld.so.preload"];
        for (path, time) in paths.iter().flat_map(|path| [(path, "ctime"), (path, "mtime")]) {
            let request = format!("set_inode_field {path} {time} @1700000000");
            must(Command::new("debugfs").args(["-w", "-R", &request]).arg(&image));
        }
        must(Command::new("mount").args(["-o", "loop,ro"]).arg(&image).arg(&point));
        Self { dir }
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.root()).status();
    }
}

fn must(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs root: tests/run")]
fn what_every_call_hides_still_stands_in_the_blocks_of_the_disk() {
    let disk = Disk::mounted();
    let honest = audit(&disk.root(), &mut []);
    assert_eq!(shown(&honest), Vec::<String>::new());
    let compared = |kind: &str| {
        let of_it = honest.report.items.iter().filter(|item| item.kind == kind);
        of_it
            .filter(|item| {
                item.fields.get("views").is_some_and(|v| v.to_string().contains("blocks"))
            })
            .count()
    };
    assert!(compared("hidden.file") >= 2, "{:?}", honest.report.gaps);
    let line = "ghost:x:0:0::/:/bin/sh\n";
    let mut lies = [
        rewrite("/etc/passwd", line, "", &EVERY_READ),
        hide("/etc/cron.d", &["backdoor".to_owned()], Hide::Compact),
    ];
    let told = audit(&disk.root(), &mut lies);
    let content = found(&told, "hidden/content", "/etc/passwd");
    assert!(says(content, "the disk's blocks hold", "ghost:x:0:0"), "{:#?}", shown(&told));
    assert!(!says(content, "the mapped file gives", ""), "{:#?}", shown(&told));
    let entry = found(&told, "hidden/directory-entry", "/etc/cron.d");
    assert!(says(entry, "in the disk's blocks and not listed", "backdoor"), "{:#?}", shown(&told));
}
