//! Packs made from what the real tools make: dpkg-deb, gpg, minisign, rpmbuild. Each broken link of the
//! chain is refused with its reason, exit status 64 and nothing left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests
#![cfg_attr(not(feature = "real-roots"), allow(dead_code, unused_imports))]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use support::baseline::{Keys, Mirror, deb, ran};
use support::{coroner, lab, status};

/// Runs `coroner baseline`.
fn baseline(args: &[&str]) -> Output {
    coroner().arg("baseline").args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn good(args: &[&str]) -> String {
    let output = baseline(args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(status(&output), 0, "{args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&good(&[args, &["--json"]].concat())).unwrap()
}

/// Builds into a folder of its own; gives the pack, or the one line that says why not.
fn build(args: &[&str]) -> Result<Vec<u8>, String> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("test.pack");
    let output = baseline(&[&["build", "-o", text(&out)], args].concat());
    if status(&output) == 0 {
        return Ok(std::fs::read(out).unwrap());
    }
    let errors = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(status(&output), 64, "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 0, "something was left behind: {errors}");
    Err(errors)
}

fn refused(args: &[&str], says: &[&str]) {
    let errors = build(args).expect_err("it was built");
    for word in says {
        assert!(errors.contains(word), "'{word}' is not in: {errors}");
    }
}

fn save(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("saved.pack");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_mirror_is_followed_from_its_signature_and_the_chain_stands_in_the_pack() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let pack = build(&mirror.args(&keys)).unwrap();
    assert_eq!(build(&mirror.args(&keys)).unwrap(), pack, "the same input gives the same bytes");
    let (_dir, path) = save(&pack);
    let about = json(&["info", text(&path)]);
    let header = &about["header"];
    assert_eq!((&header["os"], &header["os_version"]), (&"test".into(), &"7".into()));
    let source = &header["sources"][0];
    assert_eq!((&source["kind"], &source["name"]), (&"release".into(), &"sweet".into()));
    assert_eq!(source["signer"].as_str().unwrap(), keys.fingerprint());
    let index = std::fs::read(mirror.path("dists/sweet/InRelease")).unwrap();
    assert_eq!(source["sha256"], coroner_core::sha256_of(&index).to_string());
    assert!(source["date"].as_str().unwrap().ends_with("UTC"));
    let tool = json(&["info", text(&path), "tool"]);
    let files = tool[0]["files"].as_array().unwrap();
    let program = files.iter().find(|file| file["path"] == "/usr/bin/tool").unwrap();
    assert_eq!(program["sha256"], coroner_core::sha256_of(b"tool 1\n").hex());
    assert_eq!((&program["mode"], &program["user"]), (&"0755".into(), &"root".into()));
    let conffile = files.iter().find(|file| file["path"] == "/etc/tool.conf").unwrap();
    assert_eq!(conffile["conffile"], true);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_list_of_packages_takes_these_alone() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let list = mirror.path("list");
    std::fs::write(&list, "# by purpose\nother # as well\n\nnone\n").unwrap();
    let pack = build(&[&mirror.args(&keys)[..], &["--packages", text(&list)]].concat()).unwrap();
    let (_dir, path) = save(&pack);
    assert_eq!(json(&["info", text(&path)])["packages"].as_array().unwrap().len(), 1);
    std::fs::write(&list, "none\n").unwrap();
    refused(&[&mirror.args(&keys)[..], &["--packages", text(&list)]].concat(), &["no package"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn every_broken_link_of_the_chain_is_refused_by_name() {
    let keys = Keys::new();
    let broken = |path: &str, change: &dyn Fn(&mut Vec<u8>), says: &[&str]| {
        let mirror = Mirror::new(&keys);
        let at = mirror.path(path);
        let mut bytes = std::fs::read(&at).unwrap();
        change(&mut bytes);
        std::fs::write(&at, bytes).unwrap();
        refused(&mirror.args(&keys), says);
    };
    let flip = |bytes: &mut Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    };
    broken("pool/tool.deb", &flip, &["pool/tool.deb", "SHA-256", "was changed"]);
    broken("pool/tool.deb", &|bytes| bytes.truncate(400), &["pool/tool.deb", "400 bytes"]);
    let index = "dists/sweet/main/binary-amd64/Packages";
    broken(index, &flip, &["binary-amd64/Packages", "SHA-256"]);
    broken(index, &|bytes| bytes.push(b'\n'), &["binary-amd64/Packages", "was changed"]);
    let release = "dists/sweet/InRelease";
    let evil = |bytes: &mut Vec<u8>| {
        *bytes = String::from_utf8_lossy(bytes).replace("Version: 7", "Version: 8").into_bytes();
    };
    broken(release, &evil, &["InRelease", "does not fit"]);
    let bare = |bytes: &mut Vec<u8>| *bytes = b"Suite: sweet\nCodename: sweet\n".to_vec();
    broken(release, &bare, &["InRelease", "signed in the clear"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_hash_in_the_signed_index_that_is_not_the_files_is_refused() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let index = mirror.path("dists/sweet/main/binary-amd64/Packages");
    let text = std::fs::read_to_string(&index).unwrap();
    let hash = coroner_core::sha256_of(&std::fs::read(mirror.path("pool/tool.deb")).unwrap()).hex();
    let other = coroner_core::sha256_of(b"another").hex();
    std::fs::write(&index, text.replace(&hash, &other)).unwrap();
    mirror.sign(&keys, &[], &[]);
    refused(&mirror.args(&keys), &["pool/tool.deb", &hash, &other]);
    std::fs::write(&index, text.replace("Package: tool", "Package: loot")).unwrap();
    mirror.sign(&keys, &[], &[]);
    refused(&mirror.args(&keys), &["pool/tool.deb", "tool 1 amd64", "loot 1 amd64"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn keys_and_indexes_that_are_unknown_or_out_of_date_are_refused() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let other = Keys::new();
    refused(&mirror.args(&other), &["InRelease", "not known"]);
    let long_ago = Keys::of_year(2020);
    mirror.sign(&long_ago, &[], &["--faked-system-time", "20200601T000000!"]);
    refused(&mirror.args(&long_ago), &["InRelease", "expired on 2020-12-31"]);
    mirror.sign(&keys, &["Valid-Until: Sat, 17 Feb 2024 11:07:25 UTC"], &[]);
    refused(&mirror.args(&keys), &["InRelease", "17 Feb 2024", "--allow-expired"]);
    assert!(build(&[&mirror.args(&keys)[..], &["--allow-expired"]].concat()).is_ok());
    mirror.sign(&keys, &["Valid-Until: Sun, 17 Feb 2999 11:07:25 UTC"], &[]);
    assert!(build(&mirror.args(&keys)).is_ok());
    ran(Command::new("cp")
        .arg("-r")
        .arg(mirror.path("dists/sweet"))
        .arg(mirror.path("dists/sour")));
    let other = mirror.args(&keys).map(|word| if word == "sweet" { "sour" } else { word });
    refused(&other, &["index of sweet", "not of sour"]);
    let none = mirror.args(&keys).map(|word| if word == "sweet" { "salty" } else { word });
    refused(&none, &["dists/salty/InRelease"]);
    let arch = mirror.args(&keys).map(|word| if word == "amd64" { "arm64" } else { word });
    refused(&arch, &["binary-arm64/Packages", "not in its InRelease"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_package_that_the_mirror_lacks_is_an_error_or_is_named() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    std::fs::remove_file(mirror.path("pool/tool.deb")).unwrap();
    refused(&mirror.args(&keys), &["pool/tool.deb", "No such file"]);
    let out = mirror.path("out.pack");
    let skipping =
        [&["build", "-o", text(&out), "--skip-missing"][..], &mirror.args(&keys)].concat();
    let output = baseline(&skipping);
    assert_eq!(status(&output), 0);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("left out") && errors.contains("tool 1 amd64"), "{errors}");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn packages_of_every_compression_hold_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let packs = ["gzip", "xz", "zstd", "none"].map(|compression| {
        let path = dir.path().join(format!("{compression}.deb"));
        deb("tool", &format!("-Z{compression}"), &path);
        let pack = build(&["--os", "test", text(&path)]).unwrap();
        let (_dir, saved) = save(&pack);
        json(&["info", text(&saved), "tool"])
    });
    assert!(packs[0][0]["files"].as_array().unwrap().len() > 4);
    assert!(packs.iter().all(|pack| *pack == packs[0]));
    let path = dir.path().join("xz.deb");
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 70, whole.len() / 2, whole.len() - 20] {
        std::fs::write(&path, &whole[..length]).unwrap();
        refused(&["--os", "test", text(&path)], &["xz.deb"]);
    }
    refused(&["--os", "test", "/no/such.deb"], &["/no/such.deb"]);
    refused(&[text(&dir.path().join("gzip.deb"))], &["--os"]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_pack_that_the_stock_minisign_signed_is_believed_and_an_altered_one_is_not() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let (dir, path) = save(&build(&mirror.args(&keys)).unwrap());
    let (public, secret) = (dir.path().join("own.pub"), dir.path().join("own.key"));
    let minisign = || Command::new("minisign");
    ran(minisign().args(["-G", "-W", "-p", text(&public), "-s", text(&secret)]));
    ran(minisign().args(["-S", "-s", text(&secret), "-m", text(&path)]));
    ran(minisign().args(["-V", "-p", text(&public), "-m", text(&path)]));
    let said = good(&["verify", text(&path), "--key", text(&public)]);
    assert!(said.contains("signed by RW"), "{said}");
    let listed = json(&["list", "--baseline", text(dir.path()), "--key", text(&public)]);
    assert!(listed[0]["vouched_by"].as_str().unwrap().starts_with("signed by"), "{listed}");
    let wrong = |says: &str, args: &[&str]| {
        let output = baseline(args);
        let errors = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!((status(&output), errors.lines().count()), (64, 1), "{errors}");
        assert!(errors.contains(says), "{errors}");
    };
    wrong("--key", &["verify", text(&path)]);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    wrong("does not fit", &["verify", text(&path), "--key", text(&public)]);
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn a_difference_names_packages_and_files() {
    let keys = Keys::new();
    let mirror = Mirror::new(&keys);
    let (_old, old) = save(&build(&mirror.args(&keys)).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tool.deb");
    deb("tool", "-Zgzip", &path);
    let (_new, new) = save(&build(&["--os", "test", text(&path)]).unwrap());
    let said = good(&["diff", text(&old), text(&new)]);
    assert!(said.contains("- other 1 amd64") && !said.contains("tool"), "{said}");
    assert!(good(&["diff", text(&old), text(&old)]).contains("same"));
    let only = json(&["diff", text(&old), text(&new)]);
    assert_eq!(only["only_old"][0]["name"], "other");
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs tools: run tests/run")]
fn an_rpm_is_believed_by_its_signature() {
    let keys = Keys::new();
    let dir = tempfile::tempdir().unwrap();
    let path = support::baseline::rpm(dir.path());
    let public = keys.public();
    let with = |keyring: &Path| build(&["--os", "test", "--keyring", text(keyring), text(&path)]);
    assert!(with(public).unwrap_err().contains("no signature"));
    assert!(build(&["--os", "test", text(&path)]).is_ok(), "named, and so believed");
    keys.sign_rpm(&path);
    let (_dir, pack) = save(&with(public).unwrap());
    let about = json(&["info", text(&pack)]);
    assert_eq!(about["header"]["manager"], "rpm");
    assert_eq!(about["header"]["sources"][0]["signer"].as_str().unwrap(), keys.fingerprint());
    let tool = json(&["info", text(&pack), "tool"]);
    assert_eq!(tool[0]["version"], "1.2-3");
    let files = tool[0]["files"].as_array().unwrap();
    let program = files.iter().find(|file| file["path"] == "/usr/bin/tool").unwrap();
    assert_eq!(program["sha256"], coroner_core::sha256_of(b"tool 1\n").hex());
    assert!(with(Keys::new().public()).unwrap_err().contains("not known"));
    let mut bytes = std::fs::read(&path).unwrap();
    let hex = coroner_core::sha256_of(b"tool 1\n").hex();
    let at = bytes.windows(64).position(|window| window == hex.as_bytes()).unwrap();
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    std::fs::write(&path, bytes).unwrap();
    assert!(with(public).unwrap_err().contains("damaged"));
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs whole roots: run tests/run")]
fn a_golden_root_gives_its_packages_and_what_nobody_owns() {
    let root = lab().join("bookworm");
    let pack = build(&["--root", text(&root)]).unwrap();
    assert_eq!(build(&["--root", text(&root)]).unwrap(), pack);
    let (_dir, path) = save(&pack);
    let about = json(&["info", text(&path)]);
    assert_eq!(
        (&about["header"]["kind"], &about["header"]["os"]),
        (&"host".into(), &"debian".into())
    );
    assert_eq!(about["header"]["os_version"], "12");
    let procps = json(&["info", text(&path), "procps"]);
    let ps = procps[0]["files"].as_array().unwrap();
    let ps = ps.iter().find(|file| file["path"] == "/usr/bin/ps").expect("ps");
    let real = coroner_core::sha256_of(&std::fs::read(root.join("usr/bin/ps")).unwrap());
    assert_eq!(ps["sha256"], real.hex());
    let unowned = json(&["info", text(&path), ""]);
    let unowned = unowned[0]["files"].as_array().unwrap();
    let has = |name: &str| unowned.iter().any(|file| file["path"] == name);
    assert!(has("/etc/passwd") && !has("/etc/shadow") && !has("/usr/bin/ps"));
}

/// The packs that are shipped.
fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../baselines").join(name)
}

#[test]
fn one_flipped_byte_of_a_shipped_pack_is_refused() {
    let whole = std::fs::read(shipped("debian-12.pack")).unwrap();
    assert!(good(&["verify", text(&shipped("debian-12.pack"))]).contains("shipped"));
    for place in [9, 100, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        let (_dir, path) = save(&bytes);
        let output = baseline(&["verify", text(&path)]);
        let errors = String::from_utf8(output.stderr.clone()).unwrap();
        assert_eq!((status(&output), errors.lines().count()), (64, 1), "{errors}");
        assert!(errors.contains("neither shipped with this version nor signed"), "{errors}");
    }
}

/// A package of the mirror whose version the pack knows, fetched by this machine's own apt.
fn fetch(dir: &Path, name: &str, versions: &[String]) -> Option<(PathBuf, String)> {
    for version in versions {
        let fetched = Command::new("apt-get")
            .args(["download", "-qq", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=5"])
            .arg(format!("{name}={version}"))
            .current_dir(dir)
            .status();
        let found = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
        let found = found.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"));
        if let (true, Some(path)) = (fetched.is_ok_and(|status| status.success()), found) {
            return Some((path, version.clone()));
        }
    }
    None
}

#[test]
#[cfg_attr(not(feature = "real-roots"), ignore = "needs a mirror: run tests/run")]
fn a_package_rebuilt_from_the_mirror_is_what_the_shipped_pack_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for release in ["11", "12", "13"] {
        let pack = shipped(&format!("debian-{release}.pack"));
        let known = json(&["info", text(&pack), "coreutils"]);
        let rows = known.as_array().unwrap();
        let here: Vec<_> = rows.iter().filter(|row| row["architecture"] == "amd64").collect();
        let versions: Vec<String> =
            here.iter().map(|row| row["version"].as_str().unwrap().to_owned()).collect();
        let Some((deb, version)) = fetch(dir.path(), "coreutils", &versions) else { continue };
        let part = dir.path().join("part.pack");
        let built =
            ["build", "--os", "debian", "--os-version", release, text(&deb), "-o", text(&part)];
        good(&built);
        let again = json(&["info", text(&part), "coreutils"]);
        let shipped = here.iter().find(|row| row["version"] == version.as_str()).unwrap();
        assert!(shipped["files"].as_array().unwrap().len() > 100);
        assert_eq!(again[0], **shipped, "coreutils {version}");
        std::fs::remove_file(deb).unwrap();
        compared += 1;
    }
    assert!(
        compared > 0,
        "apt knows none of the packs' versions of coreutils: apt-get update, or build.sh"
    );
}
