//! `coroner plugins` and `coroner schema`.

use std::process::ExitCode;

use coroner_core::{Meta, Needs, Rule, report_schema};
use serde_json::{Value, json};

use crate::args::PluginsArgs;
use crate::audit::all_plugins;
use crate::failure::Failure;
use crate::output::{pretty, print};

pub(crate) fn plugins(args: &PluginsArgs) -> Result<ExitCode, Failure> {
    let metas: Vec<&Meta> = all_plugins()?.iter().map(|plugin| plugin.meta()).collect();
    let text = match (&args.about, args.json) {
        (None, false) => metas.iter().map(|meta| overview(meta)).collect(),
        (None, true) => pretty(&metas.iter().map(|meta| meta_json(meta)).collect()),
        (Some(name), as_json) => about(&metas, name, as_json)?,
    };
    print(&text)
}

pub(crate) fn schema() -> Result<ExitCode, Failure> {
    print(&pretty(&report_schema(&all_plugins()?)))
}

fn overview(meta: &Meta) -> String {
    let live = if meta.needs == Needs::LiveKernel { " (running hosts only)" } else { "" };
    let rules = meta.rules.iter().map(|rule| {
        format!(
            "  {:<44} {:<8} {}\n",
            rule.id,
            format!("{:?}", rule.severity).to_lowercase(),
            rule.title
        )
    });
    let reads = if meta.reads.is_empty() {
        "items of other plugins".to_owned()
    } else {
        meta.reads.join(" ")
    };
    format!("{}: {}{live}\n  reads {reads}\n", meta.id, meta.summary)
        + &rules.collect::<String>()
        + "\n"
}

fn about(metas: &[&Meta], name: &str, as_json: bool) -> Result<String, Failure> {
    if let Some(meta) = metas.iter().find(|meta| meta.id == name) {
        return Ok(if as_json { pretty(&meta_json(meta)) } else { overview(meta) });
    }
    let rules = metas.iter().flat_map(|meta| meta.rules.iter());
    let Some(rule) = rules.into_iter().find(|rule| rule.id == name) else {
        let problem =
            format!("no plugin or rule is called '{name}' (`coroner plugins` lists them)");
        return Err(Failure::usage(problem));
    };
    Ok(if as_json { pretty(&rule_json(rule)) } else { describe(rule) })
}

fn describe(rule: &Rule) -> String {
    let steps = rule.next.iter().map(|step| ["  - ", step, "\n"].concat()).collect::<String>();
    format!(
        "{}: {}\n{:?}, {:?}, {}\n\nWhy: {}\nUnless: {}\nNext:\n{steps}",
        rule.id,
        rule.title,
        rule.severity,
        rule.confidence,
        rule.attack.join(" "),
        rule.why,
        rule.benign
    )
}

fn meta_json(meta: &Meta) -> Value {
    json!({
        "id": meta.id,
        "summary": meta.summary,
        "reads": meta.reads,
        "live_only": meta.needs == Needs::LiveKernel,
        "items": meta.items.iter().map(|item| item.kind).collect::<Vec<_>>(),
        "rules": meta.rules.iter().map(|rule| rule_json(rule)).collect::<Vec<_>>(),
    })
}

fn rule_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id, "severity": rule.severity, "confidence": rule.confidence,
        "title": rule.title, "why": rule.why, "benign": rule.benign,
        "attack": rule.attack, "next": rule.next,
    })
}
