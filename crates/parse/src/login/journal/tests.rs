use std::io::Read as _;

use super::*;
use proptest::prelude::*;

/// Written by systemd-journal-remote 252 from the same 44 entries: 40 failed passwords, one
/// accepted, a sudo line of more than 1000 bytes (packed) and two others.
const JENKINS: &[u8] = include_bytes!("fixtures/jenkins.journal.gz");
/// The same with a keyed hash and 32-bit offsets.
const KEYED_COMPACT: &[u8] = include_bytes!("fixtures/keyed-compact.journal.gz");

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

fn messages(bytes: &[u8], identifier: &[u8]) -> Vec<Message> {
    let journal = Journal::open(bytes).unwrap();
    let entries = journal.entries_with(b"SYSLOG_IDENTIFIER", |value| value == identifier);
    entries.iter().map(|&entry| journal.message(entry).unwrap()).collect()
}

fn position(bytes: &[u8], needle: &[u8]) -> usize {
    memchr::memmem::find(bytes, needle).unwrap()
}

#[test]
fn entries_are_found_by_identifier_in_both_forms_of_the_format() {
    for packed in [JENKINS, KEYED_COMPACT] {
        let bytes = unpack(packed);
        let sshd = messages(&bytes, b"sshd");
        assert_eq!(sshd.len(), 41);
        let last = sshd.last().unwrap();
        assert_eq!(last.message, "Accepted password for root from 203.0.113.9 port 4999 ssh2");
        assert_eq!(
            (last.pid, last.uid, last.comm.clone()),
            (Some(990), Some(0), Some("sshd".into()))
        );
        assert_eq!((last.seqnum, last.realtime), (41, 1_700_000_041_000_000));
        assert!(sshd.iter().all(|m| !m.altered && !m.incomplete));
    }
}

#[test]
fn a_packed_message_is_unpacked() {
    for packed in [JENKINS, KEYED_COMPACT] {
        let sudo = messages(&unpack(packed), b"sudo");
        assert_eq!(sudo.len(), 1);
        assert!(sudo[0].message.as_bytes().ends_with(b"aaaa"), "{:?}", sudo[0].message);
        assert!(sudo[0].message.as_bytes().len() > 1000 && !sudo[0].altered);
    }
}

#[test]
fn an_untouched_file_passes_its_audit() {
    for packed in [JENKINS, KEYED_COMPACT] {
        let bytes = unpack(packed);
        let audit = Journal::open(&bytes[..]).unwrap().audit();
        assert_eq!(audit, Audit { entries: 44, indexed: 44, ..Audit::default() });
    }
}

#[test]
fn a_message_edited_in_place_no_longer_has_its_hash() {
    for packed in [JENKINS, KEYED_COMPACT] {
        let mut bytes = unpack(packed);
        let at = position(&bytes, b"Accepted password for root from 203.0.113.9");
        bytes[at..at + 8].copy_from_slice(b"Rejected");
        let sshd = messages(&bytes, b"sshd");
        assert_eq!(sshd.iter().filter(|m| m.altered).count(), 1);
        assert!(sshd.last().unwrap().altered);
    }
}

#[test]
fn an_entry_taken_out_of_the_index_is_still_met() {
    let mut bytes = unpack(JENKINS);
    let journal = Journal::open(&bytes[..]).unwrap();
    let mut offsets = Vec::new();
    journal.each_in_arrays(journal.header.entry_array_offset, |entry| offsets.push(entry));
    // The last entry of the last array: zeroed there, the index ends one entry early.
    let wanted = offsets.last().unwrap().to_le_bytes();
    let start = usize::try_from(journal.header.entry_array_offset).unwrap();
    let arrays: Vec<_> = memchr::memmem::find_iter(&bytes[start..], &wanted).collect();
    for at in arrays {
        bytes[start + at..start + at + 8].fill(0);
    }
    let audit = Journal::open(&bytes[..]).unwrap().audit();
    assert_eq!((audit.entries, audit.indexed, audit.unlinked), (44, 43, 1));
}

#[test]
fn a_number_left_out_is_a_hole() {
    let mut bytes = unpack(JENKINS);
    let (last, seqnum) = {
        let journal = Journal::open(&bytes[..]).unwrap();
        let last = journal.entries_with(b"SYSLOG_IDENTIFIER", |value| value == b"cron")[0];
        (usize::try_from(last).unwrap(), journal.message(last).unwrap().seqnum)
    };
    bytes[last + 16..last + 24].copy_from_slice(&(seqnum + 5).to_le_bytes());
    let audit = Journal::open(&bytes[..]).unwrap().audit();
    assert_eq!(audit.missing, 5);
    assert_eq!((audit.holes[0].after, audit.holes[0].before), (43, 49));
}

#[test]
fn a_file_cut_short_says_where() {
    let mut bytes = unpack(KEYED_COMPACT);
    let tail = Journal::open(&bytes[..]).unwrap().header().tail_object_offset;
    bytes.truncate(usize::try_from(tail).unwrap() - 100);
    let audit = Journal::open(&bytes[..]).unwrap().audit();
    assert!(audit.broken_at.is_some());
    assert_eq!(audit.unlinked, 0, "what was not seen is not called hidden");
}

#[test]
fn other_files_are_refused() {
    assert_eq!(Journal::open(&b"text"[..]).unwrap_err(), Malformed::NoJournal);
    let mut bytes = unpack(JENKINS);
    bytes[14] = 0x80;
    assert_eq!(Journal::open(&bytes[..]).unwrap_err(), Malformed::UnknownFeatures);
    assert_eq!(Malformed::NoJournal.to_string(), "no journal file");
}

/// Reads everything that can be read.
fn exercise(bytes: &[u8]) {
    let Ok(journal) = Journal::open(bytes) else { return };
    let _ = journal.audit();
    for entry in journal.entries_with(b"SYSLOG_IDENTIFIER", |_| true) {
        let _ = (journal.message(entry), journal.realtime(entry));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_real_file_with_damage_anywhere_does_not_panic_or_hang(
        keyed: bool,
        damage in proptest::collection::vec((0_usize..272, any::<u8>()), 0..3),
        deeper in proptest::collection::vec((3_728_000_usize..3_755_000, any::<[u8; 4]>()), 0..24),
    ) {
        let mut bytes = unpack(if keyed { KEYED_COMPACT } else { JENKINS });
        bytes.truncate(3_800_000);
        for (at, value) in damage {
            bytes[at] = value;
        }
        for (at, value) in deeper {
            bytes[at..at + 4].copy_from_slice(&value);
        }
        exercise(&bytes);
    }

    #[test]
    fn any_bytes_behind_a_signature_do_not_panic(tail: Vec<u8>) {
        let mut bytes = b"LPKSHHRH".to_vec();
        bytes.extend(tail.repeat(8));
        exercise(&bytes);
    }
}
