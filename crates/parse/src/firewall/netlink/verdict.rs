//! Verdicts as the kernel numbers them and as nft writes them.

use super::super::model::Verdict;
use super::attributes::Attributes;
use crate::Text;

/// `NFTA_DATA_VERDICT`.
pub(super) fn data_verdict(data: &Attributes<'_>) -> Verdict {
    verdict(data.word(1).unwrap_or(0), data.text(2))
}

/// Verdict codes of linux/netfilter.h and `linux/netfilter/nf_tables.h`.
pub(super) fn verdict(code: u32, chain: Option<Text>) -> Verdict {
    let chain = chain.unwrap_or_default();
    match code.cast_signed() {
        0 => Verdict::Drop,
        1 => Verdict::Accept,
        -1 => Verdict::Continue,
        -3 => Verdict::Jump(chain),
        -4 => Verdict::Goto(chain),
        -5 => Verdict::Return,
        // NF_QUEUE carries the queue's number in its upper half.
        other if other & 0xff == 3 => Verdict::Queue(Text::from((code >> 16).to_string())),
        other => Verdict::Other(Text::from(format!("verdict {other}"))),
    }
}

pub(super) fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => String::from("accept"),
        Verdict::Drop => String::from("drop"),
        Verdict::Return => String::from("return"),
        Verdict::Jump(chain) => format!("jump {}", chain.lossy()),
        Verdict::Goto(chain) => format!("goto {}", chain.lossy()),
        Verdict::Queue(number) => format!("queue num {number}"),
        Verdict::Other(text) => text.lossy().into_owned(),
        _ => String::from("continue"),
    }
}
