//! The keys of a bucket, page by page, within bounds.

use std::collections::{BTreeSet, HashSet};
use std::io::Read;

use rusty_s3::actions::ListObjectsV2;

use super::{Bucket, BucketError, key};

/// A page has at most 1,000 keys of 1 kB, tripled by their encoding.
const LONGEST_PAGE: u64 = 8 << 20;
/// What all keys of a listing may take in memory: some 700,000 of usual length.
const MOST: usize = 128 << 20;
/// What one page may be made of, and how deep: lists are four deep.
const MOST_NODES: u32 = 200_000;
const DEEPEST: usize = 8;
/// Beside its text, what a key takes, and a page.
const EACH_KEY: usize = 96;
const EACH_PAGE: usize = 4096;

/// What is below a prefix.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Objects to ask for.
    pub(crate) keys: BTreeSet<String>,
    /// Objects that are not asked for, and why.
    pub(crate) unfit: Vec<(String, &'static str)>,
    taken: usize,
}

/// One answer of the server.
#[derive(Debug, PartialEq, Eq)]
struct Page {
    keys: Vec<(String, Option<u64>)>,
    next: Option<String>,
}

impl Bucket {
    /// All that is below a prefix, or why it is not known.
    pub(crate) fn list(&self, prefix: &str) -> Result<Listed, BucketError> {
        let mut listed = Listed::default();
        let mut tokens = HashSet::new();
        let mut page = self.page(prefix, None)?;
        loop {
            listed.add(page.keys).ok_or(BucketError::TooMany(MOST >> 20))?;
            let Some(token) = page.next else { return Ok(listed) };
            page = self.page(prefix, Some(&token))?;
            if !tokens.insert(token) {
                return Err(self.foreign("its list goes in circles"));
            }
        }
    }

    fn page(&self, prefix: &str, token: Option<&str>) -> Result<Page, BucketError> {
        let mut action = self.signer.list_objects_v2(self.credentials.as_ref());
        action.with_prefix(prefix);
        if let Some(token) = token {
            action.with_continuation_token(token);
        }
        let reader = self.ask(&action)?.into_body().into_reader();
        let mut bytes = Vec::new();
        reader
            .take(LONGEST_PAGE)
            .read_to_end(&mut bytes)
            .map_err(|error| self.foreign(&error.to_string()))?;
        page(&bytes).map_err(|why| self.foreign(&why))
    }

    fn foreign(&self, why: &str) -> BucketError {
        BucketError::Foreign(self.signer.name().to_owned(), coroner_http::harmless(why))
    }
}

impl Listed {
    /// Nothing when they are too many.
    fn add(&mut self, keys: Vec<(String, Option<u64>)>) -> Option<()> {
        let text: usize = keys.iter().map(|(key, _)| key.len() + EACH_KEY).sum();
        self.taken += text + EACH_PAGE;
        if self.taken > MOST {
            return None;
        }
        for (key, size) in keys {
            match key::unfit(&key) {
                _ if key::is_folder(&key, size) => {}
                Some(why) => self.unfit.push((key, why)),
                None => drop(self.keys.insert(key)),
            }
        }
        Some(())
    }
}

fn page(bytes: &[u8]) -> Result<Page, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "its list is no text".to_owned())?;
    check_shape(text)?;
    let answer = ListObjectsV2::parse_response(text)
        .map_err(|error| format!("its list cannot be read: {error}"))?;
    let keys = answer.contents.into_iter().map(|object| (object.key, object.size));
    Ok(Page { keys: keys.collect(), next: answer.next_continuation_token })
}

/// The reader of lists calls itself for each level that it does not know: the stack would not be enough for all that a
/// page can hold.
fn check_shape(text: &str) -> Result<(), String> {
    let options = roxmltree::ParsingOptions { nodes_limit: MOST_NODES, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options)
        .map_err(|error| format!("its list cannot be read: {error}"))?;
    let deep = document.descendants().any(|node| node.ancestors().nth(DEEPEST).is_some());
    if deep { Err("its list is nested too deeply".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>";

    fn read(body: &str) -> Result<Page, String> {
        page(format!("{START}{body}</ListBucketResult>").as_bytes())
    }

    #[test]
    fn a_page_has_keys_as_they_are_and_says_whether_more_follow() {
        let read = read(
            "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
             <NextContinuationToken>t=</NextContinuationToken>\
             <Contents><Key>a%2Fb+c%0A%1B%5B2J</Key><Size>7</Size><ETag>&quot;x&quot;</ETag></Contents>\
             <Contents><Key>%2E%2E%2Fetc%2Fpasswd</Key></Contents>",
        )
        .unwrap();
        let keys =
            vec![("a/b c\n\u{1b}[2J".to_owned(), Some(7)), ("../etc/passwd".to_owned(), None)];
        assert_eq!(read, Page { keys, next: Some("t=".to_owned()) });
    }

    #[test]
    fn the_last_page_has_no_next_and_an_empty_bucket_no_keys() {
        let last = read("<IsTruncated>false</IsTruncated><KeyCount>0</KeyCount>").unwrap();
        assert_eq!(last, Page { keys: Vec::new(), next: None });
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let deep = "<a>".repeat(100_000);
        for bad in ["", "<html>", "\u{0}", &deep, "<Error><Code>x</Code></Error>"] {
            assert!(page(bad.as_bytes()).is_err());
        }
        assert!(page(b"\xff").is_err());
        let lost = read("<IsTruncated>true</IsTruncated>");
        assert!(lost.is_err(), "more follows and nothing says where");
    }

    #[test]
    fn unknown_parts_however_deep_do_not_break_the_stack() {
        let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
        assert!(read(&deep).is_err());
        let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]>";
        assert!(page(format!("{entities}<x>&a;</x>").as_bytes()).unwrap_err().contains("DTD"));
    }

    #[test]
    fn more_keys_than_memory_may_hold_are_refused() {
        let mut listed = Listed::default();
        let page = || (0..1000).map(|at| (format!("{at:01000}"), None)).collect();
        let pages = (0..1000).take_while(|_| listed.add(page()).is_some()).count();
        assert!((100..130).contains(&pages), "{pages}");
    }

    proptest! {
        #[test]
        fn no_page_makes_it_panic(body in "[<>/a-zA-Z&;%+ \"=\\-!\\[\\]]{0,200}") {
            let _ = read(&body);
            let _ = page(body.as_bytes());
        }
    }
}
