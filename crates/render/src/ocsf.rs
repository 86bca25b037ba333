//! OCSF detection findings (class 2004 of schema 1.5.0), one JSON object a line, for collectors of
//! security events. Text from the host keeps its stored form, which JSON carries without loss.
//!
//! Names and numbers: <https://schema.ocsf.io/1.5.0/classes/detection_finding>.

use std::io::{self, Write};

use coroner_core::{Confidence, Finding, Report, Severity, Time};
use serde_json::{Map, Value, json};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// Writes one line for each finding; a report without findings gives no line, so a collector needs
/// another form (`syslog`, `prometheus`) to know that an audit ran.
///
/// # Errors
/// The writer's.
pub fn ocsf(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        serde_json::to_writer(&mut *out, &event(report, finding))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn event(report: &Report, finding: &Finding) -> Value {
    let (severity_id, severity) = severity(finding.severity);
    let (confidence_id, confidence) = confidence(finding.confidence);
    let (status_id, status) =
        if finding.accepted.is_some() { (3, "Suppressed") } else { (1, "New") };
    json!({
        "class_uid": 2004, "class_name": "Detection Finding",
        "category_uid": 2, "category_name": "Findings",
        "activity_id": 1, "activity_name": "Create",
        "type_uid": 200_401, "type_name": "Detection Finding: Create",
        "time": milliseconds(report.run.finished),
        "severity_id": severity_id, "severity": severity,
        "confidence_id": confidence_id, "confidence": confidence,
        "status_id": status_id, "status": status,
        "is_alert": finding.accepted.is_none() && finding.severity >= Severity::Medium,
        "message": finding.title,
        "metadata": metadata(report, finding),
        "finding_info": info(report, finding),
        "device": device(report),
        "resources": [{ "uid": report.host.id, "name": report.host.name, "type": "host" }],
        "evidences": [evidence(finding)],
        "remediation": { "desc": finding.next.join("\n") },
        "unmapped": unmapped(report, finding),
    })
}

fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Info => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn confidence(confidence: Confidence) -> (u8, &'static str) {
    match confidence {
        Confidence::Possible => (1, "Low"),
        Confidence::Likely => (2, "Medium"),
        Confidence::Certain => (3, "High"),
    }
}

fn milliseconds(time: Time) -> i64 {
    time.seconds().saturating_mul(1000).saturating_add(i64::from(time.nanoseconds()) / 1_000_000)
}

fn metadata(report: &Report, finding: &Finding) -> Value {
    json!({
        "version": VERSION,
        "product": { "name": "coroner", "vendor_name": "coroner", "version": report.tool.version },
        "uid": format!("{}-{}-{}", report.host.id, milliseconds(report.run.finished), finding.id),
        "original_time": report.run.finished,
    })
}

fn info(report: &Report, finding: &Finding) -> Value {
    let attacks = finding.attack.iter().map(|id| technique(id)).collect::<Vec<_>>();
    let mut info = json!({
        "uid": finding.id,
        "title": finding.title,
        "desc": finding.why,
        "types": [finding.rule],
        "created_time": milliseconds(report.run.finished),
        "analytic": { "uid": finding.rule, "name": finding.rule, "type_id": 1, "type": "Rule" },
    });
    if let (false, Some(fields)) = (attacks.is_empty(), info.as_object_mut()) {
        fields.insert("attacks".to_owned(), Value::Array(attacks));
    }
    info
}

/// `T1053.003` is a sub-technique of `T1053`.
fn technique(id: &str) -> Value {
    match id.split_once('.') {
        None => json!({ "technique": { "uid": id } }),
        Some((above, _)) => {
            json!({ "technique": { "uid": above }, "sub_technique": { "uid": id } })
        }
    }
}

fn device(report: &Report) -> Value {
    let host = &report.host;
    json!({
        "uid": host.id, "hostname": host.name, "name": host.name,
        "type_id": 1, "type": "Server",
        "os": { "name": host.os.id, "version": host.os.version, "type_id": 200, "type": "Linux" },
    })
}

fn evidence(finding: &Finding) -> Value {
    let mut data = Map::new();
    for evidence in &finding.evidence {
        let values = data.entry(evidence.name.clone()).or_insert_with(|| json!([]));
        if let Value::Array(values) = values {
            values.push(json!(evidence.value));
        }
    }
    let mut out = json!({ "data": data });
    if let (Some(path), Some(fields)) = (&finding.path, out.as_object_mut()) {
        let name = path.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let name = coroner_core::Text::from(name);
        fields.insert(
            "file".to_owned(),
            json!({ "name": name, "path": path, "type_id": 0, "type": "Unknown" }),
        );
    }
    out
}

fn unmapped(report: &Report, finding: &Finding) -> Value {
    json!({
        "subject": finding.subject,
        "line": finding.line,
        "benign": finding.benign,
        "accepted": finding.accepted,
        "verdict": report.verdict.level,
        "reason_of_verdict": report.verdict.reasons.contains(&finding.id),
    })
}
