//! The pieces of which a pack's index and blocks are written: LEB128 numbers and counted bytes.

use crate::PackError;

/// Bytes that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], PackError> {
        let (taken, rest) =
            self.0.split_at_checked(count).ok_or(PackError::Malformed("cut off"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, PackError> {
        self.take(1)?.first().copied().ok_or(PackError::Malformed("cut off"))
    }

    /// An unsigned LEB128 number of 64 bits.
    pub(crate) fn number(&mut self) -> Result<u64, PackError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits.checked_shl(shift).is_none_or(|shifted| shifted >> shift != bits) {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(PackError::Malformed("a number too large"))
    }

    pub(crate) fn size(&mut self) -> Result<usize, PackError> {
        usize::try_from(self.number()?).map_err(|_| PackError::Malformed("a number too large"))
    }

    pub(crate) fn small(&mut self) -> Result<u32, PackError> {
        u32::try_from(self.number()?).map_err(|_| PackError::Malformed("a number too large"))
    }

    /// As many bytes as the number before them says.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8], PackError> {
        let count = self.size()?;
        self.take(count)
    }
}

/// Bytes that are written at the end.
#[derive(Debug, Default)]
pub(crate) struct Output(pub(crate) Vec<u8>);

impl Output {
    pub(crate) fn number(&mut self, mut value: u64) {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    pub(crate) fn size(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(crate) fn counted(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_of_more_than_64_bits_is_refused() {
        assert!(Input::new(&[0xff; 10]).number().is_err());
        assert!(Input::new(&[0xff, 0xff]).number().is_err());
        assert_eq!(Input::new(&[0xe5, 0x8e, 0x26]).number().unwrap(), 624_485);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(value: u64, bytes: Vec<u8>) {
            let mut out = Output::default();
            out.number(value);
            out.counted(&bytes);
            let mut input = Input::new(&out.0);
            prop_assert_eq!(input.number().unwrap(), value);
            prop_assert_eq!(input.counted().unwrap(), bytes);
            prop_assert!(input.is_empty());
        }
    }
}
