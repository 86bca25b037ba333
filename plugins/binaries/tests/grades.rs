//! How bad a finding is by what the file is: rule cases say where, this says how loud.

use coroner_core::{Confidence, Launch, Report, Severity, Trigger};
use coroner_plugin_binaries as _;
use coroner_testkit::{Fixture, FixturePackages, Tree};

fn grades(report: &Report, rule: &str) -> Vec<(String, Severity, Confidence)> {
    let of_rule = report.findings.iter().filter(|finding| finding.rule == rule);
    let grade = |finding: &coroner_core::Finding| {
        let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
        (path, finding.severity, finding.confidence)
    };
    let mut grades: Vec<_> = of_rule.map(grade).collect();
    grades.sort();
    grades
}

/// A packaged package of `names` below `dir`, every one of them changed.
fn changed_package(dir: &str, count: usize) -> Report {
    let names: Vec<String> = (0..count).map(|number| format!("{dir}/file{number}.js")).collect();
    let tree = names.iter().fold(Tree::new(), |tree, name| tree.file(name, "changed"));
    let launch = Launch {
        trigger: Trigger::Boot,
        user: None,
        command: "".into(),
        file: format!("{dir}/file0.js").as_str().into(),
        line: 0,
        name: "".into(),
        enabled: true,
        programs: names.iter().map(|name| name.as_str().into()).collect(),
    };
    let packages = FixturePackages {
        owned: [("nodejs".to_owned(), names.clone())].into(),
        modified: names.into_iter().collect(),
        ..FixturePackages::default()
    };
    Fixture { tree, packages, launches: vec![launch], ..Fixture::default() }.audit(&["binaries"])
}

#[test]
fn a_package_that_npm_updated_in_place_is_one_quiet_finding() {
    let report = changed_package("/usr/lib/node_modules/npm/lib", 40);
    let found = grades(&report, "binaries/packaged-file-modified");
    let first = "/usr/lib/node_modules/npm/lib/file0.js".to_owned();
    assert_eq!(found, [(first, Severity::Low, Confidence::Possible)]);
}

#[test]
fn a_few_changed_files_there_and_many_elsewhere_are_loud() {
    let few = changed_package("/usr/lib/node_modules/npm/lib", 2);
    assert_eq!(grades(&few, "binaries/packaged-file-modified").len(), 2);
    assert!(few.findings.iter().all(|finding| finding.severity == Severity::High));
    let many = changed_package("/usr/lib/python3/dist-packages/x", 40);
    let found = grades(&many, "binaries/packaged-file-modified");
    let first = "/usr/lib/python3/dist-packages/x/file0.js".to_owned();
    assert_eq!(found, [(first, Severity::High, Confidence::Likely)]);
}

#[test]
fn an_unowned_tool_is_graded_by_who_installs_it_by_hand() {
    let names = ["lsof", "nft", "docker"];
    let tree = names.iter().fold(Tree::new(), |tree, name| {
        let path = format!("/usr/bin/{name}");
        tree.file(&path, "not a script").mode(&path, 0o755)
    });
    let report = Fixture { tree, ..Fixture::default() }.audit(&["binaries"]);
    let severities: Vec<_> = grades(&report, "binaries/tool-unowned")
        .into_iter()
        .map(|grade| (grade.0, grade.1))
        .collect();
    let want = [
        ("/usr/bin/docker".to_owned(), Severity::Low),
        ("/usr/bin/lsof".to_owned(), Severity::High),
        ("/usr/bin/nft".to_owned(), Severity::Medium),
    ];
    assert_eq!(severities, want);
}

#[test]
fn a_preloaded_library_is_graded_by_whose_it_is() {
    let tree = Tree::new()
        .file(
            "/etc/ld.so.preload",
            "/usr/lib/libarmmem.so\n/usr/lib/libpackaged.so\n/usr/lib/libx.so\n/tmp/y.so\n",
        )
        .file("/usr/lib/libarmmem.so", "x")
        .file("/usr/lib/libpackaged.so", "x")
        .file("/usr/lib/libx.so", "x")
        .file("/tmp/y.so", "x");
    let packages = FixturePackages {
        owned: [("some".to_owned(), vec!["/usr/lib/libpackaged.so".to_owned()])].into(),
        ..FixturePackages::default()
    };
    let report = Fixture { tree, packages, ..Fixture::default() }.audit(&["binaries"]);
    let graded: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "binaries/preload-library")
        .map(|finding| (finding.line, finding.severity, finding.confidence))
        .collect();
    let want = [
        (Some(4), Severity::Critical, Confidence::Certain),
        (Some(3), Severity::Critical, Confidence::Likely),
        (Some(1), Severity::Low, Confidence::Possible),
        (Some(2), Severity::Low, Confidence::Possible),
    ];
    assert_eq!(graded, want);
}

#[test]
fn docker_and_other_runtimes_put_into_usr_bin_by_hand_do_not_change_the_verdict() {
    let tree = Tree::new().file("/usr/bin/runc", "x").mode("/usr/bin/runc", 0o755);
    let report = Fixture { tree, ..Fixture::default() }.audit(&["binaries"]);
    let found = grades(&report, "binaries/tool-unowned");
    assert_eq!(found, [("/usr/bin/runc".to_owned(), Severity::Low, Confidence::Possible)]);
}
