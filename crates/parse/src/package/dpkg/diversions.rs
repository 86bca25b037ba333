//! /var/lib/dpkg/diversions: files that were moved aside for another package (`dpkg-divert(1)`).

use crate::{BadLine, Line, lines};

/// One diversion: what any other package ships as `from` lies at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diversion<'a> {
    /// The path that packages ship.
    pub from: &'a [u8],
    /// Where dpkg puts it instead.
    pub to: &'a [u8],
    /// The package whose own file stays at `from`; `None` for a local diversion, which moves the
    /// file of every package.
    pub package: Option<&'a [u8]>,
}

/// The diversions, three lines each; a bad record costs itself alone.
pub fn diversions(content: &[u8]) -> impl Iterator<Item = Result<Diversion<'_>, BadLine>> {
    let mut lines = lines(content);
    std::iter::from_fn(move || {
        let from = lines.next()?;
        let (to, package) = (lines.next(), lines.next());
        Some(from.and_then(|from| record(from, to, package)))
    })
    .filter(|record| !matches!(record, Err(bad) if bad.start.is_empty() && bad.reason == CUT_OFF))
}

const CUT_OFF: &str = "diversion cut off";

type MaybeLine<'a> = Option<Result<Line<'a>, BadLine>>;

fn record<'a>(
    from: Line<'a>,
    to: MaybeLine<'a>,
    package: MaybeLine<'a>,
) -> Result<Diversion<'a>, BadLine> {
    let cut_off = || BadLine::new(from, CUT_OFF);
    let (to, package) = (to.ok_or_else(cut_off)??, package.ok_or_else(cut_off)??);
    if !from.bytes.starts_with(b"/") || !to.bytes.starts_with(b"/") {
        return Err(BadLine::new(from, "diversion of no path"));
    }
    let package = (package.bytes != b":").then_some(package.bytes);
    Ok(Diversion { from: from.bytes, to: to.bytes, package })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_lines_make_one_diversion_and_a_colon_means_local() {
        let got: Vec<_> =
            diversions(b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/man\n/usr/bin/man.REAL\n:\n")
                .map(|diversion| diversion.unwrap())
                .collect();
        assert_eq!(got.len(), 2);
        assert_eq!(got[0].package, Some(&b"dash"[..]));
        assert_eq!(
            (got[1].from, got[1].to, got[1].package),
            (&b"/usr/bin/man"[..], &b"/usr/bin/man.REAL"[..], None)
        );
    }

    #[test]
    fn an_empty_file_has_none_and_a_cut_record_is_told() {
        assert_eq!(diversions(b"").count(), 0);
        assert_eq!(diversions(b"\n").count(), 0);
        let got: Vec<_> = diversions(b"/a\n/b\nx\n/c\n/d\n").collect();
        assert!(got[0].is_ok());
        assert_eq!(got[1].as_ref().unwrap_err().reason, "diversion cut off");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = diversions(&bytes).count();
        }
    }
}
