//! Items, rules, findings, gaps, reports and verdicts; plugins and the runner.
