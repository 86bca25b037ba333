//! What the real tc says, read for comparison.

// A test that cannot go on fails, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code)] // each test binary uses its part

/// Counters in `tc -s qdisc show` or `tc -s class show`: the handle, then bytes, packets, drops,
/// overlimits, requeues.
pub(crate) fn counters(text: &str, sort: &str) -> Vec<(String, [u64; 5])> {
    let mut found = Vec::new();
    let mut handle = String::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words.first() == Some(&sort) {
            words[2].clone_into(&mut handle);
        } else if words.first() == Some(&"Sent") {
            let number = |n: usize| words[n].trim_matches([',', ')']).parse().expect("a number");
            found.push((handle.clone(), [1, 3, 6, 8, 10].map(number)));
        }
    }
    found
}

/// Counters in `tc -s filter show`: an entry's handle, how often it was asked, and how often it
/// matched. An entry that leads to a table never ends there: its last key says how often it led on.
pub(crate) fn hits(text: &str) -> Vec<(String, u64, u64)> {
    let mut found: Vec<(String, u64, u64)> = Vec::new();
    let mut leads = false;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after = |word: &str| {
            let at = words.iter().position(|w| w.trim_start_matches('(') == word)?;
            words.get(at + 1).map(|word| word.trim_matches([')', '(']))
        };
        let number = |text: Option<&str>| text.expect("a counter").parse().expect("a number");
        if let (Some(handle), Some(asked)) = (after("fh"), after("hit")) {
            leads = words.contains(&"link");
            found.push((handle.to_owned(), number(Some(asked)), number(after("success"))));
        } else if let (true, Some("match"), Some(last)) =
            (leads, words.first().copied(), found.last_mut())
        {
            last.2 = number(after("success"));
        }
    }
    found
}
