//! A whole Debian root with each way in which intruders tamper with programs, at once; and the same
//! root with the unpackaged programs that administrators keep.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use coroner_core::{Confidence, Finding, Level, Report, Severity};
use support::{audit, copy_of, lab, plant, shown};

fn copy_file(root: &Path, from: &str, to: &str, mode: u32) {
    let bytes = std::fs::read(root.join(from.trim_start_matches('/'))).expect(from);
    plant(root, to, bytes, mode);
}

fn set_mode(root: &Path, path: &str, mode: u32) {
    let at = root.join(path.trim_start_matches('/'));
    std::fs::set_permissions(at, std::fs::Permissions::from_mode(mode)).expect(path);
}

/// What an intruder leaves, and the finding that must name it.
static LEFT: &[(&str, &str)] = &[
    ("binaries/script-in-place-of-program", "/usr/bin/cat"),
    ("binaries/tool-modified", "/usr/bin/cat"),
    ("binaries/renamed-original", "/usr/bin/cat.original"),
    ("binaries/tool-modified", "/usr/bin/ss"),
    ("binaries/tool-missing", "/usr/bin/lsof"),
    ("binaries/tool-modified", "/usr/lib/x86_64-linux-gnu/security/pam_unix.so"),
    ("binaries/renamed-original", "/usr/lib/x86_64-linux-gnu/security/pam_unix.so.bak"),
    ("binaries/set-uid-gives-root", "/usr/bin/find"),
    ("binaries/set-uid-gives-root", "/usr/bin/dash"),
    ("binaries/set-uid-gives-root", "/var/tmp/.cache"),
    ("binaries/misleading-name", "/usr/sbin/nologin "),
    ("binaries/shell-copy", "/usr/sbin/nologin "),
    ("binaries/preload-library", "/etc/ld.so.preload"),
    ("binaries/unowned-library", "/usr/lib/preload_backdoor.so"),
    ("binaries/tool-shadowed", "/usr/local/bin/ps"),
    ("binaries/unowned-program", "/usr/bin/sedexp"),
    ("binaries/tool-modified", "/usr/bin/who"),
];

fn trojan(root: &Path) {
    copy_file(root, "/usr/bin/cat", "/usr/bin/cat.original", 0o755);
    plant(root, "/usr/bin/cat", "#!/bin/bash\n/usr/bin/cat.original \"$@\"\n", 0o755);
    copy_file(root, "/usr/bin/true", "/usr/bin/ss", 0o755);
    std::fs::remove_file(root.join("usr/bin/lsof")).expect("lsof");
    let module = "/usr/lib/x86_64-linux-gnu/security/pam_unix.so";
    copy_file(root, module, &format!("{module}.bak"), 0o644);
    copy_file(root, "/usr/lib/x86_64-linux-gnu/security/pam_permit.so", module, 0o644);
    set_mode(root, "/usr/bin/find", 0o4755);
    set_mode(root, "/usr/bin/dash", 0o4755);
    copy_file(root, "/usr/bin/bash", "/var/tmp/.cache", 0o4755);
    copy_file(root, "/usr/bin/dash", "/usr/sbin/nologin ", 0o755);
    copy_file(root, "/usr/libexec/sudo/sudo_noexec.so", "/usr/lib/preload_backdoor.so", 0o644);
    plant(root, "/etc/ld.so.preload", "/lib/preload_backdoor.so\n", 0o644);
    copy_file(root, "/usr/bin/true", "/usr/local/bin/ps", 0o755);
    copy_file(root, "/usr/bin/true", "/usr/bin/sedexp", 0o755);
    std::fs::remove_file(root.join("usr/bin/who")).expect("who");
    symlink("/usr/bin/true", root.join("usr/bin/who")).expect("a link");
}

fn lacking(report: &Report) -> Vec<String> {
    let named = |rule: &str, path: &str| {
        let mut of_rule = report.findings.iter().filter(|finding| finding.rule == rule);
        of_rule
            .any(|f| f.severity >= Severity::Medium && f.path.as_ref().is_some_and(|p| *p == path))
    };
    let lacking = LEFT.iter().filter(|(rule, path)| !named(rule, path));
    lacking.map(|(rule, path)| format!("{rule} at {path}")).collect()
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn each_way_to_tamper_with_programs_is_named_at_any_scope() {
    let root = copy_of(&lab().join("bookworm"));
    trojan(root.path());
    for scope in ["quick", "standard"] {
        let (report, _) = audit(root.path(), &["--only", "binaries", "--scope", scope]);
        assert_eq!(report.verdict.level, Level::Compromised);
        // The copy in /var/tmp and what lies in /usr are seen at every scope.
        assert_eq!(lacking(&report), Vec::<String>::new(), "{scope}");
    }
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_changed_packaged_file_that_nobody_named_is_found_by_the_standard_scope_alone() {
    let root = copy_of(&lab().join("bookworm"));
    let library = root.path().join("usr/lib/x86_64-linux-gnu/libcurl.so.4.8.0");
    let mut bytes = std::fs::read(&library).expect("libcurl");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&library, bytes).expect("written");
    let certain = |report: &Report| -> Vec<String> {
        let found = report.findings.iter().filter(|f| f.confidence == Confidence::Certain);
        found.map(|finding| finding.rule.clone()).collect()
    };
    let (quick, _) = audit(root.path(), &["--only", "binaries", "--scope", "quick"]);
    assert_eq!(certain(&quick), Vec::<String>::new());
    let (standard, _) = audit(root.path(), &["--only", "binaries"]);
    assert_eq!(certain(&standard), ["binaries/program-modified"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn unpackaged_programs_where_administrators_keep_them_are_quiet() {
    for release in ["bullseye", "bookworm", "trixie"] {
        let root = copy_of(&lab().join(release));
        keep_own_programs(root.path());
        let (report, _) = audit(root.path(), &["--only", "binaries"]);
        let loud = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
        let loud: Vec<&Finding> = loud.collect();
        assert_eq!(shown(&loud), Vec::<String>::new(), "{release}");
        assert_eq!(report.verdict.level, Level::Clean, "{release}");
    }
}

/// By names that hold with a merged /usr and without (bullseye).
fn keep_own_programs(root: &Path) {
    for own in
        ["/usr/local/bin/tool", "/opt/app/bin/app", "/usr/bin/kubectl", "/usr/local/bin/curl"]
    {
        copy_file(root, "/usr/bin/env", own, 0o755);
    }
    copy_file(root, "/bin/bash", "/usr/local/bin/bash", 0o755);
    plant(root, "/usr/local/bin/rm", "#!/bin/sh\nexec /bin/rm -i \"$@\"\n", 0o755);
    symlink("/bin/ps", root.join("usr/local/bin/ps")).expect("a link");
    copy_file(
        root,
        "/lib/x86_64-linux-gnu/security/pam_permit.so",
        "/opt/app/lib/libz.so.1",
        0o644,
    );
    plant(root, "/etc/ld.so.conf.d/app.conf", "/opt/app/lib\n", 0o644);
    let path =
        "PATH=\"/opt/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"\n";
    plant(root, "/etc/environment", path, 0o644);
}
