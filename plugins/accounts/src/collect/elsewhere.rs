//! Which directories lie on file systems that may not be mounted where the audit runs.

use coroner_core::{Cx, HostPath};
use coroner_parse::lines;

/// Mount points that are not there by themselves.
pub(super) struct Elsewhere(Vec<HostPath>);

impl Elsewhere {
    /// Reads fstab(5) and auto.master(5). On a running host what fstab lists is mounted already,
    /// unless it says otherwise.
    pub(super) fn read(cx: &mut Cx<'_>) -> Self {
        let live = cx.live();
        let mut found = Vec::new();
        if let Some(content) = cx.read(&HostPath::new("/etc/fstab")) {
            let points = lines(&content.bytes).flatten();
            found.extend(points.filter_map(|entry| mount_point(entry.bytes, live)));
        }
        if let Some(content) = cx.read(&HostPath::new("/etc/auto.master")) {
            let points = lines(&content.bytes).flatten().map(|line| line.bytes.trim_ascii());
            let absolute = points.filter(|text| text.starts_with(b"/"));
            found.extend(absolute.map(|text| HostPath::new(first_word(text))));
        }
        found.retain(|point| *point != "/");
        Self(found)
    }

    /// Whether the path lies below one of them.
    pub(super) fn holds(&self, path: &HostPath) -> bool {
        self.0.iter().any(|point| path.is_below(point))
    }
}

fn mount_point(entry: &[u8], live: bool) -> Option<HostPath> {
    let mut words = entry.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let device = words.next()?;
    let point = words.next()?;
    let options = words.nth(1).unwrap_or_default();
    let late = [&b"noauto"[..], b"x-systemd.automount"];
    let is_late = options.split(|&b| b == b',').any(|option| late.contains(&option));
    let counts = !device.starts_with(b"#") && point.starts_with(b"/") && (!live || is_late);
    counts.then(|| HostPath::new(point))
}

fn first_word(text: &[u8]) -> &[u8] {
    text.split(u8::is_ascii_whitespace).next().unwrap_or_default()
}
