//! Roles of hosts that nobody labelled: hosts whose packages and units are alike.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What more than this share of all hosts has tells no role.
const COMMON: f64 = 0.9;
/// What fewer hosts have than this is an outlier's, and must not split it off its role.
const FEWEST: usize = 3;
/// Shared over all, from which two hosts are alike.
const ALIKE: f64 = 0.6;
/// Most roles; the hosts that follow join the nearest.
const MOST: usize = 200;
/// The role of hosts that have nothing but what all have.
const PLAIN: &str = "~plain";

/// Features of hosts, gathered one by one.
#[derive(Debug, Default)]
pub(crate) struct Features {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    hosts: BTreeMap<String, BTreeSet<usize>>,
}

/// Hosts that are alike.
#[derive(Debug)]
struct Group {
    leader: BTreeSet<usize>,
    hosts: Vec<String>,
    /// How many of its hosts have each feature.
    counts: BTreeMap<usize, usize>,
}

impl Features {
    /// A host that there is, though nothing may be known of it.
    pub(crate) fn host(&mut self, host: &str) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_owned(), BTreeSet::new());
        }
    }

    /// Says that a host has something.
    pub(crate) fn add(&mut self, host: &str, feature: &str) {
        self.host(host);
        let number = self.number(feature);
        if let Some(features) = self.hosts.get_mut(host) {
            features.insert(number);
        }
    }

    fn number(&mut self, feature: &str) -> usize {
        if let Some(known) = self.numbers.get(feature) {
            return *known;
        }
        self.names.push(feature.to_owned());
        self.numbers.insert(feature.to_owned(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// A role for each host. The same hosts give the same roles.
    pub(crate) fn roles(mut self) -> BTreeMap<String, String> {
        let counts = self.counts();
        self.keep_telling(&counts);
        let mut groups: Vec<Group> = Vec::new();
        for (host, features) in std::mem::take(&mut self.hosts) {
            Group::join(&mut groups, host, features);
        }
        let mut used = BTreeSet::new();
        let mut out = BTreeMap::new();
        for group in groups {
            let role = unused(&mut used, &group.role(&self.names, &counts));
            out.extend(group.hosts.into_iter().map(|host| (host, role.clone())));
        }
        out
    }

    fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for feature in self.hosts.values().flatten() {
            if let Some(count) = counts.get_mut(*feature) {
                *count += 1;
            }
        }
        counts
    }

    /// Drops what nearly all hosts have, and what hardly any has.
    #[allow(clippy::cast_precision_loss)] // numbers of hosts
    fn keep_telling(&mut self, counts: &[usize]) {
        let most = self.hosts.len() as f64 * COMMON;
        let tells = |feature: &usize| {
            let count = counts.get(*feature).copied().unwrap_or_default();
            count >= FEWEST && count as f64 <= most
        };
        self.hosts.values_mut().for_each(|features| features.retain(tells));
    }
}

impl Group {
    fn join(groups: &mut Vec<Self>, host: String, features: BTreeSet<usize>) {
        let nearest = groups
            .iter()
            .map(|group| likeness(&group.leader, &features))
            .enumerate()
            .max_by(|(first, a), (second, b)| a.total_cmp(b).then(second.cmp(first)));
        let full = groups.len() >= MOST;
        let home = nearest.filter(|(_, likeness)| full || *likeness >= ALIKE);
        if let Some(group) = home.and_then(|(at, _)| groups.get_mut(at)) {
            return group.take(host, &features);
        }
        let counts = features.iter().map(|feature| (*feature, 1)).collect();
        groups.push(Self { leader: features, hosts: vec![host], counts });
    }

    fn take(&mut self, host: String, features: &BTreeSet<usize>) {
        self.hosts.push(host);
        for feature in features {
            *self.counts.entry(*feature).or_default() += 1;
        }
    }

    /// Named by what most of its hosts have and the fewest others.
    fn role(&self, names: &[String], counts: &[usize]) -> String {
        let most = self.counts.iter().filter(|(_, count)| **count * 5 >= self.hosts.len() * 4);
        let telling = most.filter_map(|(feature, own)| {
            let others = counts.get(*feature)?.saturating_sub(*own);
            Some((others, names.get(*feature)?))
        });
        telling.min().map_or_else(|| PLAIN.to_owned(), |(_, name)| format!("~{name}"))
    }
}

/// Shared over all; two hosts without anything special are alike.
#[allow(clippy::cast_precision_loss)] // numbers of packages
fn likeness(a: &BTreeSet<usize>, b: &BTreeSet<usize>) -> f64 {
    let shared = a.intersection(b).count();
    match a.len() + b.len() - shared {
        0 => 1.0,
        all => shared as f64 / all as f64,
    }
}

fn unused(used: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    let free = names.find(|name| !used.contains(name)).unwrap_or_default();
    used.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Webs and databases, with a base that all have and a package of its own for each.
    fn fleet() -> Features {
        let mut features = Features::default();
        for number in 0..20 {
            let host = format!("h{number:02}");
            for base in 0..50 {
                features.add(&host, &format!("base{base}"));
            }
            let own =
                if number < 12 { ["nginx", "php", "varnish"] } else { ["psql", "pgb", "wal"] };
            for name in own {
                features.add(&host, name);
            }
            features.add(&host, &format!("only-{host}"));
        }
        features
    }

    #[test]
    fn hosts_with_alike_packages_have_one_role_named_by_what_they_alone_have() {
        let roles = fleet().roles();
        let named: BTreeSet<&String> = roles.values().collect();
        assert_eq!(named.len(), 2);
        assert_eq!(roles["h00"], "~nginx");
        assert_eq!(roles["h19"], "~pgb");
    }

    #[test]
    fn an_intruders_package_does_not_make_a_role_of_its_own() {
        let mut features = fleet();
        features.add("h03", "xmrig");
        assert_eq!(features.roles()["h03"], "~nginx");
    }

    #[test]
    fn hosts_of_which_nothing_is_known_are_plain_together() {
        let mut features = Features::default();
        features.host("a");
        features.host("b");
        let roles = features.roles();
        assert_eq!((roles["a"].as_str(), roles["b"].as_str()), (PLAIN, PLAIN));
    }
}
