//! Rule cases of the launch plugin.

use coroner_plugin_launch as _;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["launch"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
