//! What a register can hold, and what a rule asks of it.

/// A value taken from a packet, or put there by the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Loaded {
    pub(super) field: Field,
    /// Laid over the value by a `bitwise` expression.
    pub(super) mask: Option<Vec<u8>>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// Bytes of the packet: base (1 network, 2 transport header), offset, length.
    Payload(u32, u32, u32),
    /// `meta` by its key (`enum nft_meta_keys`).
    Meta(u32),
    /// `ct` by its key (`enum nft_ct_keys`).
    Track(u32),
    /// A constant.
    Constant(Vec<u8>),
    /// Anything else, as nft would write it.
    Other(String),
}

impl Field {
    pub(super) fn loaded(self) -> Loaded {
        Loaded { field: self, mask: None }
    }
}

/// First and last value of what matches.
pub(super) type Ranges = Vec<(Vec<u8>, Vec<u8>)>;

/// A test of a loaded value.
pub(super) struct Test {
    pub(super) ranges: Ranges,
    pub(super) negated: bool,
    /// How to write what is tested for, where it is not plain.
    pub(super) shown: Option<String>,
}
