//! Keys, packages and a mirror, made by the tools that everybody makes them with.

use std::path::{Path, PathBuf};
use std::process::Command;

use coroner_core::sha256_of;

/// Runs a tool that must do its work.
pub(crate) fn ran(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}

/// A signing key of gpg's, in a home of its own.
pub(crate) struct Keys {
    home: tempfile::TempDir,
    public: String,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self::made(&[], "never")
    }

    /// Made in a year, and valid for one.
    pub(crate) fn of_year(year: u32) -> Self {
        Self::made(&["--faked-system-time", &format!("{year}0101T000000!")], "1y")
    }

    fn made(more: &[&str], expires: &str) -> Self {
        let home = tempfile::Builder::new().prefix("k").tempdir().expect("a folder");
        let public = home.path().join("public.gpg").to_str().expect("text").to_owned();
        let keys = Self { home, public };
        let generate = ["--passphrase", "", "--quick-generate-key", "Test <t@example.org>"];
        ran(keys.gpg().args(more).args(generate).args(["ed25519", "sign", expires]));
        ran(keys.gpg().args(["--export", "-o", &keys.public]));
        keys
    }

    fn gpg(&self) -> Command {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--quiet", "--yes", "--no-permission-warning", "--homedir"]);
        command.arg(self.home.path());
        command
    }

    /// The public half, in a file.
    pub(crate) fn public(&self) -> &Path {
        Path::new(&self.public)
    }

    pub(crate) fn fingerprint(&self) -> String {
        let output = self.gpg().args(["--with-colons", "--list-keys"]).output().expect("gpg runs");
        let text = String::from_utf8(output.stdout).expect("text");
        let line = text.lines().find(|line| line.starts_with("fpr:")).expect("a fingerprint");
        line.split(':').nth(9).expect("a field").to_lowercase()
    }

    pub(crate) fn sign_rpm(&self, path: &Path) {
        let home = self.home.path().display();
        ran(Command::new("rpmsign")
            .args(["--addsign", "--define", &format!("_gpg_path {home}")])
            .args(["--define", "_gpg_name Test", "--define", "__gpg /usr/bin/gpg"])
            .arg(path));
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // gpg starts an agent for each home; it ends with the test.
        let home = self.home.path();
        let _ = Command::new("gpgconf").arg("--homedir").arg(home).args(["--kill", "all"]).status();
    }
}

/// Builds a package with a program, a link and a configuration file.
pub(crate) fn deb(name: &str, compression: &str, to: &Path) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |path: &str, content: &str, mode: u32| {
        super::plant(dir.path(), path, content, mode);
    };
    let control = format!(
        "Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: T <t@example.org>\nDescription: x\n"
    );
    file("DEBIAN/control", &control, 0o644);
    file("DEBIAN/conffiles", &format!("/etc/{name}.conf\n"), 0o644);
    file(&format!("etc/{name}.conf"), "level = 1\n", 0o644);
    file(&format!("usr/bin/{name}"), &format!("{name} 1\n"), 0o755);
    std::os::unix::fs::symlink(name, dir.path().join("usr/bin/alias")).expect("a link");
    ran(Command::new("dpkg-deb")
        .args(["--root-owner-group", compression, "-b"])
        .arg(dir.path())
        .arg(to));
}

/// Builds a package with rpmbuild.
pub(crate) fn rpm(dir: &Path) -> PathBuf {
    let spec = dir.join("tool.spec");
    let text = "Name: tool\nVersion: 1.2\nRelease: 3\nSummary: x\nLicense: x\nBuildArch: noarch\n\
        %description\nx\n%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/etc\n\
        echo 'tool 1' > %{buildroot}/usr/bin/tool\necho a > %{buildroot}/etc/tool.conf\n\
        %files\n%attr(0755,root,root) /usr/bin/tool\n%config /etc/tool.conf\n";
    std::fs::write(&spec, text).expect("a spec");
    ran(Command::new("rpmbuild")
        .args(["-bb", "--define", &format!("_topdir {}", dir.display())])
        .args([
            "--define",
            "_source_filedigest_algorithm 8",
            "--define",
            "_binary_filedigest_algorithm 8",
        ])
        .arg(&spec));
    dir.join("RPMS/noarch/tool-1.2-3.noarch.rpm")
}

/// A mirror folder with one suite, `sweet`, of two packages.
pub(crate) struct Mirror {
    dir: tempfile::TempDir,
    top: String,
}

impl Mirror {
    pub(crate) fn new(keys: &Keys) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let top = dir.path().to_str().expect("text").to_owned();
        let mirror = Self { dir, top };
        std::fs::create_dir_all(mirror.path("pool")).expect("a folder");
        std::fs::create_dir_all(mirror.path("dists/sweet/main/binary-amd64")).expect("a folder");
        let mut index = String::new();
        for name in ["tool", "other"] {
            let file = format!("pool/{name}.deb");
            deb(name, "-Zxz", &mirror.path(&file));
            let bytes = std::fs::read(mirror.path(&file)).expect("the package");
            let entry = format!(
                "Package: {name}\nVersion: 1\nArchitecture: amd64\nFilename: {file}\nSize: {}\nSHA256: {}\n\n",
                bytes.len(),
                sha256_of(&bytes).hex()
            );
            index.push_str(&entry);
        }
        std::fs::write(mirror.path("dists/sweet/main/binary-amd64/Packages"), index)
            .expect("an index");
        mirror.sign(keys, &[], &[]);
        mirror
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes and signs what the suite has now, with more lines, by gpg with more arguments.
    pub(crate) fn sign(&self, keys: &Keys, lines: &[&str], more: &[&str]) {
        let index = "main/binary-amd64/Packages";
        let bytes = std::fs::read(self.path(&format!("dists/sweet/{index}"))).expect("the index");
        let text = format!(
            "Origin: Test\nSuite: fresh\nCodename: sweet\nVersion: 7.1\nDate: Sat, 10 Feb 2024 11:07:25 UTC\n\
             {}SHA256:\n {} {} {index}\n",
            lines.iter().flat_map(|line| [line, "\n"]).collect::<String>(),
            sha256_of(&bytes).hex(),
            bytes.len()
        );
        let plain = self.path("Release");
        std::fs::write(&plain, text).expect("a release");
        let signed = self.path("dists/sweet/InRelease");
        ran(keys.gpg().args(more).args(["--clearsign", "-o"]).arg(signed).arg(plain));
    }

    /// The arguments that take all of it by these keys.
    pub(crate) fn args<'a>(&'a self, keys: &'a Keys) -> [&'a str; 8] {
        ["--mirror", &self.top, "--suite", "sweet", "--arch", "amd64", "--keyring", &keys.public]
    }
}
