//! Decompression, by the ending of a name.

use std::io::Read;

use coroner_parse::Text;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use crate::Refused;
use crate::bounds::{Bounded, WINDOW_KIB, unpacked};

/// The plain bytes of something whose name ended so (`.xz`, `.gz`, `.zst` or nothing) and that has
/// `packed` bytes: never more than a package can hold.
pub(crate) fn unpack<'r>(
    ending: &[u8],
    packed: u64,
    reader: impl Read + 'r,
) -> Result<Box<dyn Read + 'r>, Refused> {
    let plain: Box<dyn Read + 'r> = match ending {
        b"" => Box::new(reader),
        b".gz" => Box::new(MultiGzDecoder::new(reader)),
        b".xz" => Box::new(XzReader::new_mem_limit(reader, true, WINDOW_KIB)),
        b".zst" => Box::new(zstd(reader)?),
        other => return Err(Refused::Compression(Text::from(other))),
    };
    Ok(Box::new(Bounded::new(plain, unpacked(packed))))
}

fn zstd<'r>(reader: impl Read + 'r) -> Result<impl Read + 'r, Refused> {
    let decoder = StreamingDecoder::new_with_max_window_size(reader, u64::from(WINDOW_KIB) << 10);
    decoder.map_err(|error| Refused::Unpack(std::io::Error::other(error.to_string())))
}
