//! The rule cases of this plugin.

use coroner_core::judge_again;
use coroner_core::policy::Policy;
use coroner_core::{DuplicateId, HostPath, Item, Severity, Time, registry};
use coroner_plugin_modules::LinkCount;
use coroner_testkit::Tree;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["modules"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}

/// No file system of a test hides names, so the reading itself is given.
fn findings_of(counted: u32, shown: u32) -> Result<Vec<(String, Severity)>, DuplicateId> {
    let mut report = coroner_testkit::audit(&["modules"], &Tree::new());
    let dir = HostPath::new("/sys/module");
    report.items.push(Item::of(&LinkCount { dir, counted, shown, differ: counted != shown }));
    judge_again(&mut report, &registry()?, &Policy::default(), Time::from_seconds(0));
    Ok(report.findings.into_iter().map(|finding| (finding.rule, finding.severity)).collect())
}

#[test]
fn a_directory_that_the_link_count_knows_and_the_listing_does_not_is_a_hidden_module() {
    assert_eq!(
        findings_of(79, 78).unwrap(),
        [("modules/hidden-module".to_owned(), Severity::High)]
    );
    assert_eq!(findings_of(78, 78).unwrap(), []);
    assert_eq!(findings_of(0, 78).unwrap(), [], "a file system that does not count links");
}
