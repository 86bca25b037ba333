//! Rule cases of the cron plugin.

use coroner_plugin_cron as _;

#[test]
fn every_rule_fires_on_its_case_and_not_on_its_near_miss() {
    coroner_testkit::run_cases(&["cron"], concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases"));
}
