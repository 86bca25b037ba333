//! The rule cases of this plugin.

use coroner_plugin_traffic as _;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["traffic"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
