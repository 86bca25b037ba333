//! Bytes taken from the front, as long as there are any.

/// What is left of some bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    pub(crate) fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*front)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.chunk::<1>().map(|[byte]| byte)
    }

    pub(crate) fn be16(&mut self) -> Option<usize> {
        self.chunk().map(|bytes| usize::from(u16::from_be_bytes(bytes)))
    }

    pub(crate) fn be32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_be_bytes)
    }

    /// A number of any size (RFC 9580, 3.2): its bits, then its bytes.
    pub(crate) fn number(&mut self) -> Option<&'a [u8]> {
        let bits = self.be16()?;
        self.take(bits.div_ceil(8))
    }
}
