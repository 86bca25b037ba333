//! Every rule on the case that fires it and on its near miss.

use coroner_plugin_startup as _;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["startup"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
