use super::facts;

#[test]
fn what_is_not_elf_has_no_facts() {
    assert_eq!(facts(b"#!/bin/sh\n", 10), None);
    assert_eq!(facts(b"", 0), None);
}

#[test]
fn a_header_alone_is_a_damaged_elf() {
    let facts = facts(b"\x7fELF\x02\x01\x01", 7).unwrap();
    assert!(facts.damaged.is_some());
}
