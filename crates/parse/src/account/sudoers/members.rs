//! Lists of names, each of which may be negated.

use super::Member;
use super::scan::Scanner;

type Reason = &'static str;

/// `a, !b, "c d"`
pub(super) fn members(scanner: &mut Scanner<'_>, stops: &[u8]) -> Result<Vec<Member>, Reason> {
    let mut out = Vec::new();
    loop {
        let negated = negations(scanner);
        let name = scanner.ipv6().or_else(|| scanner.word(stops)).ok_or("a name is missing")?;
        out.push(Member { negated, name });
        if !scanner.eat(b",") {
            return Ok(out);
        }
    }
}

/// Steps over `!`s; an odd number negates.
pub(super) fn negations(scanner: &mut Scanner<'_>) -> bool {
    let mut negated = false;
    while scanner.eat(b"!") {
        negated = !negated;
    }
    negated
}
