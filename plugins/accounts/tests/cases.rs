//! Each rule fires on its case and not on its near miss.

use coroner_plugin_accounts as _;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["accounts"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
