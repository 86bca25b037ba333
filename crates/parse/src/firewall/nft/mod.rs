//! nft scripts: /etc/nftables.conf and what it includes (nft(8)). A reasonable part of the
//! grammar; what is not understood is kept as text.

mod lexer;
mod rule;
mod script;
#[cfg(test)]
mod tests;
mod value;

use super::model::RuleSet;

/// Reads an nft script. `include` lines are returned, not followed.
pub fn parse_nft_script(content: &[u8]) -> RuleSet {
    script::Script::read(content)
}
