//! Which keys can be asked for.

/// Why an object of this key is not asked for.
pub(super) fn unfit(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        return Some("has no key");
    }
    // Whoever builds or reads an address takes such parts away: another object would be fetched.
    let climbs = key.split('/').any(|part| matches!(part, "." | ".."));
    climbs.then_some("has a key that no address can hold (a part that is . or ..)")
}

/// What consoles leave where somebody made a folder.
pub(super) fn is_folder(key: &str, size: Option<u64>) -> bool {
    key.ends_with('/') && size == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_would_lead_to_another_object_are_not_asked_for() {
        for bad in ["", ".", "..", "../x", "a/../b", "a/./b", "a/.."] {
            assert!(unfit(bad).is_some(), "{bad}");
        }
        for good in
            ["a", "a//b", "/a", "..a", "a/...", "%2e%2e/a", "a\n\u{1b}[2J", &"k".repeat(1024)]
        {
            assert!(unfit(good).is_none(), "{good}");
        }
    }

    #[test]
    fn only_an_empty_object_with_a_slash_is_a_folder() {
        assert!(is_folder("a/", Some(0)));
        assert!(!is_folder("a/", Some(5)) && !is_folder("a", Some(0)) && !is_folder("a/", None));
    }
}
