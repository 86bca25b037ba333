//! Items to findings, which needs no host: the same items come to the same findings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use coroner_host::{Blocked, Trace};
use serde::{Deserialize, Serialize};

use crate::audit::Audit;
use crate::policy::Policy;
use crate::recall::{Recall, digest_of};
use crate::{Coverage, Finding, Findings, Gap, Items, Plugin, Report, Time, Verdict, finding};

/// What judging came to.
#[derive(Default, Serialize, Deserialize)]
struct Judged {
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
}

/// The name of judging as work that need not be done again.
const JUDGING: &str = "judging";
const PANICKED: &str = "its judge panicked: its rules did not run";

impl Audit {
    /// What the items come to, unless an earlier audit has judged the very same.
    pub(crate) fn judged(&self, items: &Items, gaps: &mut Vec<Gap>) -> Vec<Finding> {
        let recall = Recall::of(self);
        let judged = if recall.is_on() {
            let same = digest_of(&items.as_slice());
            recall.recall(JUDGING, &same).unwrap_or_else(|| {
                let judged = judge_all(&self.plugins, items);
                if !judged.gaps.iter().any(is_panic) {
                    recall.keep((JUDGING, &same), 0, &judged, &Trace::default());
                }
                judged
            })
        } else {
            judge_all(&self.plugins, items)
        };
        gaps.extend(judged.gaps);
        judged.findings
    }
}

/// Judges a saved report again, by the rules of this version.
pub fn judge_again(
    report: &mut Report,
    plugins: &[&'static dyn Plugin],
    policy: &Policy,
    now: Time,
) {
    let items = Items::new(std::mem::take(&mut report.items));
    report.gaps.retain(|gap| !is_panic(gap));
    let Judged { mut findings, gaps } = judge_all(plugins, &items);
    policy.apply(&mut findings, now);
    report.gaps.extend(gaps);
    report.gaps.sort();
    report.gaps.dedup();
    report.verdict = Verdict::of(&findings, &report.gaps);
    let coverage = std::mem::take(&mut report.coverage);
    report.coverage = Coverage::counted(coverage, &findings, &report.gaps);
    report.findings = findings;
    report.items = items.into_vec();
}

fn is_panic(gap: &Gap) -> bool {
    gap.reason == Blocked::Failed && gap.detail.as_deref() == Some(PANICKED)
}

fn judge_all(plugins: &[&'static dyn Plugin], items: &Items) -> Judged {
    let mut all = Judged::default();
    for plugin in plugins {
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let mut out = Findings::default();
            plugin.judge(items, &mut out);
            out
        }));
        if let Ok(out) = judged {
            all.gaps.extend(out.gaps());
            all.findings.extend(out.finish());
        } else {
            all.gaps.push(Gap::of_all(plugin.meta().id, Blocked::Failed, PANICKED));
        }
    }
    finding::sort(&mut all.findings);
    all
}
