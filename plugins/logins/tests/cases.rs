//! The rule cases.

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    // Names the plugin so that the linker keeps it.
    let _ = coroner_plugin_logins::Logins;
    coroner_testkit::run_cases(&["logins"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
