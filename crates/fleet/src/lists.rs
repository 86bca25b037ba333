//! The tables that are rewritten as a whole: the role of each host, the hosts that there should be.

use coroner_core::Time;
use datafusion::arrow::array::RecordBatch;
use serde_json::Value;

use crate::batch::replace;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::groups::Features;
use crate::query::{Query, Values};
use crate::session::Bounds;
use crate::sheet::rows;
use crate::site::Site;
use crate::store::{Locked, StoreError};
use crate::table::{EXPECTED, ROLES};

/// Labels and, for hosts without, what they are likened by.
const LABELS: &str = "-- Label of each host.\nSELECT l.host, r.label FROM latest l \
    JOIN reports r ON l.report = r.report ORDER BY l.host";
const FEATURES: &str = "-- Packages and units of hosts that nobody labelled.\n\
    SELECT i.host, i.item_key FROM items i JOIN latest l ON i.reportno = l.reportno \
    JOIN reports r ON i.reportno = r.reportno \
    WHERE r.label = '' AND (i.kind = 'package' OR i.kind = 'unit')";

/// Gives each host its role: its label, or one of hosts whose packages and units are alike.
///
/// # Errors
/// The store cannot be read or written.
pub fn find_roles(store: &Locked, bounds: Bounds) -> Result<(), EngineError> {
    let engine = Engine::open(store.store(), Site::Here(bounds))?;
    let mut features = Features::default();
    let mut out = Vec::new();
    each_pair(&engine, LABELS, |host, label| {
        if label.is_empty() {
            features.host(host);
        } else {
            out.push(vec![host.to_owned(), label.to_owned(), "label".to_owned()]);
        }
    })?;
    each_pair(&engine, FEATURES, |host, feature| features.add(host, feature))?;
    let found = features.roles().into_iter();
    out.extend(found.map(|(host, role)| vec![host, role, "likeness".to_owned()]));
    Ok(replace(store, &ROLES, out)?)
}

/// Says which hosts there should be, by name or id; over what was said before.
///
/// # Errors
/// The store cannot be written.
pub fn expect(store: &Locked, hosts: impl IntoIterator<Item = String>) -> Result<(), StoreError> {
    replace(store, &EXPECTED, hosts.into_iter().map(|host| vec![host]))
}

fn each_pair(
    engine: &Engine,
    sql: &str,
    mut each: impl FnMut(&str, &str),
) -> Result<(), EngineError> {
    let values = Values { given: std::collections::BTreeMap::new(), now: Time::from_seconds(0) };
    for batch in engine.ask(&Query::parse(sql)?, &values)? {
        for row in pieces(&batch?)? {
            if let [Value::String(host), Value::String(other)] = row.as_slice() {
                each(host, other);
            }
        }
    }
    Ok(())
}

fn pieces(batch: &RecordBatch) -> Result<Vec<Vec<Value>>, EngineError> {
    rows(batch).map_err(|error| EngineError::Engine(error.into()))
}
