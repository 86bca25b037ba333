//! What metrics and labels are called at a site.

use serde::Deserialize;

use crate::Trouble;

const DEFAULTS: &str = include_str!("names.toml");

/// Names of metrics and labels, and what stands out; `names.toml` says each.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub(crate) node: Node,
    pub(crate) cluster: Cluster,
    pub(crate) eip: Counter,
    #[serde(rename = "machine")]
    pub(crate) machines: Vec<Counter>,
    pub(crate) limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    pub(crate) label: String,
    pub(crate) device: String,
    #[serde(rename = "virtual")]
    pub(crate) virtual_devices: String,
    pub(crate) sent_bytes: String,
    pub(crate) sent_packets: String,
    pub(crate) received_bytes: String,
    pub(crate) received_packets: String,
    pub(crate) speed: String,
    pub(crate) tcp_opened: String,
    pub(crate) tcp_repeated: String,
    pub(crate) conntrack: String,
    pub(crate) conntrack_limit: String,
    pub(crate) info: String,
    pub(crate) info_name: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    pub(crate) condition: String,
    pub(crate) selector: String,
    pub(crate) label: String,
}

/// A counter of sent bytes and the labels that tell its series apart.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counter {
    #[serde(default)]
    pub(crate) name: String,
    pub(crate) sent_bytes: String,
    #[serde(default)]
    pub(crate) selector: String,
    pub(crate) labels: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) uplink_share: f64,
    pub(crate) habit_times: f64,
    pub(crate) habit_bytes: f64,
    pub(crate) habit_packets: f64,
    pub(crate) small_packets: f64,
    pub(crate) small_size: f64,
    pub(crate) small_answered: f64,
    pub(crate) flaps: f64,
    pub(crate) behind: f64,
}

impl Names {
    /// The usual names, with those of a site's file over them.
    ///
    /// # Errors
    /// What is wrong with the file, in one line.
    pub fn read(site: Option<&str>) -> Result<Self, Trouble> {
        let wrong = |error: toml::de::Error| {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            Trouble::Names(message)
        };
        let mut table: toml::Table = DEFAULTS.parse().map_err(wrong)?;
        if let Some(site) = site {
            lay_over(&mut table, site.parse().map_err(wrong)?);
        }
        let names: Self = table.try_into().map_err(wrong)?;
        names.check()?;
        Ok(names)
    }

    /// Names go into queries as they are, so they are held to what Prometheus allows.
    fn check(&self) -> Result<(), Trouble> {
        let node = &self.node;
        let metrics = [
            &node.sent_bytes,
            &node.sent_packets,
            &node.received_bytes,
            &node.received_packets,
            &node.speed,
            &node.tcp_opened,
            &node.tcp_repeated,
            &node.conntrack,
            &node.conntrack_limit,
            &node.info,
            &self.cluster.condition,
            &self.eip.sent_bytes,
        ];
        let machines = self.machines.iter();
        let labels = [&node.label, &node.device, &node.info_name, &self.cluster.label];
        let labels = labels.into_iter().chain(&self.eip.labels);
        let labels = labels.chain(machines.clone().flat_map(|machine| &machine.labels));
        let metrics = metrics.into_iter().chain(machines.map(|machine| &machine.sent_bytes));
        let mut all = metrics.map(|name| (name, true)).chain(labels.map(|name| (name, false)));
        match all.find(|(name, metric)| !is_name(name, *metric)) {
            Some((name, true)) => Err(Trouble::Names(format!("{name:?} is no name of a metric"))),
            Some((name, false)) => Err(Trouble::Names(format!("{name:?} is no name of a label"))),
            None => Ok(()),
        }
    }
}

fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

fn is_name(name: &str, colon: bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || (colon && c == ':');
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // read as it was written
mod tests {
    use super::*;

    #[test]
    fn a_site_names_only_what_differs() {
        let usual = Names::read(None).unwrap();
        let site =
            "[eip]\nsent_bytes = \"vpc_eip_out\"\nlabels = [\"v4ip\"]\n[limits]\nflaps = 4.0";
        let own = Names::read(Some(site)).unwrap();
        assert_eq!((own.eip.sent_bytes.as_str(), own.limits.flaps), ("vpc_eip_out", 4.0));
        assert_eq!(own.eip.labels, ["v4ip"]);
        assert_eq!((own.node, own.machines), (usual.node, usual.machines));
    }

    #[test]
    fn machines_of_a_site_take_the_place_of_the_usual_ones() {
        let site = "[[machine]]\nname = \"vm\"\nsent_bytes = \"vm_out\"\nlabels = [\"vm\"]";
        assert_eq!(Names::read(Some(site)).unwrap().machines.len(), 1);
    }

    #[test]
    fn what_is_no_name_is_refused_in_one_line() {
        for site in [
            "[eip]\nsent_bytes = \"a b\"",
            "[eip]\nlabels = [\"a:b\"]",
            "[node]\nlabel = \"\"",
            "[node]\nspeeed = \"x\"",
            "[limits]\nflaps = \"many\"",
            "not toml",
        ] {
            let said = Names::read(Some(site)).unwrap_err().to_string();
            assert!(!said.contains('\n') && said.len() > 20, "{said}");
        }
    }
}
