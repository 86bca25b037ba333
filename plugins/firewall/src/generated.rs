//! Chains that programs make by the thousand.

/// How such chains' names begin.
const MAKERS: [&[u8]; 27] = [
    b"KUBE-",
    b"KUBE_",
    b"cali-",
    b"CNI-",
    b"CNI_",
    b"DOCKER",
    b"CILIUM_",
    b"OLD_CILIUM_",
    b"ISTIO_",
    b"FLANNEL-",
    b"WEAVE-",
    b"WEAVE_",
    b"NETAVARK",
    b"nv_",
    b"LIBVIRT_",
    b"f2b-",
    b"fail2ban-",
    b"ufw-",
    b"ufw6-",
    b"AZURE-",
    b"AWS-",
    b"OVN-",
    b"ANTREA-",
    b"GKE-",
    b"IP-MASQ",
    b"HOST_",
    b"sshguard",
];

/// The common name of a generated chain: its maker's first words, then `*`.
pub(crate) fn family_of(chain: &[u8]) -> Option<Vec<u8>> {
    let maker = MAKERS.iter().find(|maker| chain.starts_with(maker))?;
    let rest = chain.get(maker.len()..).unwrap_or_default();
    // `KUBE-SVC-ABCDEF` is one of many `KUBE-SVC-*`; `KUBE-SERVICES` and `CNI-abcdef` are `X-*`.
    let word = rest.iter().position(|byte| matches!(byte, b'-' | b'_'));
    let stem = word.and_then(|end| chain.get(..=maker.len() + end)).unwrap_or(maker);
    Some([stem, b"*"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_one_maker_share_a_name_and_others_have_none() {
        let family = |name: &str| family_of(name.as_bytes()).map(|f| String::from_utf8(f).unwrap());
        assert_eq!(family("KUBE-SVC-ERIFXISQEP7F7OF4").as_deref(), Some("KUBE-SVC-*"));
        assert_eq!(family("KUBE-SERVICES").as_deref(), Some("KUBE-*"));
        assert_eq!(family("CNI-0123abcd").as_deref(), Some("CNI-*"));
        assert_eq!(family("cali-tw-cali1234").as_deref(), Some("cali-tw-*"));
        assert_eq!(family("INPUT"), None);
        assert_eq!(family("web"), None);
    }
}
