//! rpm's ndb container, /var/lib/rpm/Packages.db (rpm's `lib/backend/ndb/rpmpkg.c`): a page or
//! more of slots, each naming the blocks that a header lies in. Little-endian.

use crate::package::BadRecord;

const HEADER: usize = 32;
const SLOT: usize = 16;
const BLOCK: usize = 16;
const PAGE: usize = 4096;
const BLOB_HEAD: usize = 16;

/// The header blobs of a Packages.db; a bad slot costs that package alone.
///
/// # Errors
/// In a few words, when it is no database of this kind.
pub fn headers(
    content: &[u8],
) -> Result<impl Iterator<Item = Result<&[u8], BadRecord>>, &'static str> {
    let words = |at: usize| content.get(at..).and_then(le32);
    if content.get(..4) != Some(b"RpmP") {
        return Err("not an ndb database");
    }
    if words(4) != Some(0) {
        return Err("unknown version of ndb");
    }
    let pages = words(12).unwrap_or(0) as usize;
    // Never more slots than the file has room for, whatever it claims.
    let end = pages.saturating_mul(PAGE).min(content.len());
    let slots = content.get(HEADER..end).unwrap_or_default().as_chunks::<SLOT>().0;
    let mut left = content.len();
    Ok(slots.iter().zip(0u32..).filter_map(move |(slot, record)| {
        let blob = blob(content, slot, &mut left).transpose()?;
        Some(blob.map_err(|reason| BadRecord { record, reason }))
    }))
}

/// A slot's blob; `None` for a free slot. Blobs do not overlap in a sound database, so together
/// they cannot be longer than the file: `left` keeps a hostile one from being read many times.
fn blob<'a>(
    content: &'a [u8],
    slot: &[u8; SLOT],
    left: &mut usize,
) -> Result<Option<&'a [u8]>, &'static str> {
    let words = |at: usize| slot.get(at..).and_then(le32).unwrap_or(0);
    if slot.get(..4) != Some(b"Slot") {
        return Err("not a slot");
    }
    let (package, first, blocks) = (words(4), words(8) as usize, words(12) as usize);
    if first == 0 {
        return Ok(None);
    }
    let start = first.checked_mul(BLOCK).ok_or("slot out of range")?;
    let length = blocks.checked_mul(BLOCK).ok_or("slot out of range")?;
    let area = content.get(start..).and_then(|area| area.get(..length));
    let area = area.ok_or("slot out of range")?;
    *left = left.checked_sub(length).ok_or("blobs overlap")?;
    let (head, rest) = area.split_at_checked(BLOB_HEAD).ok_or("blob cut off")?;
    if head.get(..4) != Some(b"BlbS") || head.get(4..).and_then(le32) != Some(package) {
        return Err("not this package's blob");
    }
    let length = head.get(12..).and_then(le32).unwrap_or(0) as usize;
    rest.get(..length).map(Some).ok_or("blob cut off")
}

fn le32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|number| u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A database with these blobs, one slot page.
    fn database(blobs: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(b"RpmP");
        out.extend([0u32, 1, 1, 9, 0, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
        let mut area = Vec::new();
        for (blob, package) in blobs.iter().zip(1u32..) {
            let blocks = (BLOB_HEAD + blob.len() + 12).div_ceil(BLOCK);
            out.extend_from_slice(b"Slot");
            let first = PAGE / BLOCK + area.len() / BLOCK;
            for n in [package, u32::try_from(first).unwrap(), u32::try_from(blocks).unwrap()] {
                out.extend(n.to_le_bytes());
            }
            let end = area.len() + blocks * BLOCK;
            area.extend_from_slice(b"BlbS");
            for n in [package, 0, u32::try_from(blob.len()).unwrap()] {
                area.extend(n.to_le_bytes());
            }
            area.extend_from_slice(blob);
            area.resize(end, 0);
        }
        while out.len() < PAGE {
            out.extend_from_slice(b"Slot\0\0\0\0\0\0\0\0\0\0\0\0");
        }
        out.extend(area);
        out
    }

    #[test]
    fn every_used_slot_gives_its_blob() {
        let content = database(&[b"first", b"the second, longer than one block"]);
        let got: Vec<_> = headers(&content).unwrap().map(|blob| blob.unwrap()).collect();
        assert_eq!(got, [&b"first"[..], b"the second, longer than one block"]);
    }

    #[test]
    fn a_broken_slot_costs_its_package_alone() {
        let mut content = database(&[b"first", b"second"]);
        content[HEADER + 8..HEADER + 12].copy_from_slice(&u32::MAX.to_le_bytes());
        let got: Vec<_> = headers(&content).unwrap().collect();
        assert_eq!(got[0], Err(BadRecord { record: 0, reason: "slot out of range" }));
        assert_eq!(got[1], Ok(&b"second"[..]));
    }

    #[test]
    fn slots_that_all_name_one_large_blob_are_not_all_followed() {
        let large = vec![b'x'; 100_000];
        let mut content = database(&[&large]);
        let slot: [u8; SLOT] = content[HEADER..HEADER + SLOT].try_into().unwrap();
        content[HEADER..PAGE].as_chunks_mut::<SLOT>().0.fill(slot);
        let read: usize = headers(&content).unwrap().flatten().map(<[u8]>::len).sum();
        assert!(read <= content.len());
    }

    #[test]
    fn another_file_is_not_a_database() {
        assert!(headers(b"SQLite format 3\0").is_err());
        assert!(headers(b"RpmP\x09\0\0\0").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut content = b"RpmP\0\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
            content.extend(bytes);
            let _ = headers(&content).unwrap().count();
        }
    }
}
