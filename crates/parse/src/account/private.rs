//! SSH private keys: whether a passphrase protects them, and which public key they belong to.
//!
//! Formats: OpenSSH PROTOCOL.key; PEM of RFC 1421 with PKCS#1 (RFC 8017, appendix A.1.2); PKCS#8
//! (RFC 5958). Nothing secret is kept.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::PublicKey;
use super::key::{Wire, from_blob};

/// A file larger than this is no private key.
const LARGEST: usize = 64 * 1024;

/// A private key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateKey {
    /// Whether a passphrase protects it.
    pub encrypted: bool,
    /// Its public half, where the file tells it.
    pub public: Option<PublicKey>,
}

/// Recognises a private key by its first line. `None` for any other file.
pub fn private_key(content: &[u8]) -> Option<PrivateKey> {
    let text = std::str::from_utf8(content.get(..LARGEST).unwrap_or(content)).ok()?.trim();
    let (kind, body) = pem(text)?;
    match kind {
        "OPENSSH PRIVATE KEY" => openssh(&decoded(body)?),
        "ENCRYPTED PRIVATE KEY" => Some(PrivateKey { encrypted: true, public: None }),
        "RSA PRIVATE KEY" if !body.contains("ENCRYPTED") => {
            let public = decoded(body).and_then(|der| rsa_public(&der));
            Some(PrivateKey { encrypted: false, public })
        }
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "DSA PRIVATE KEY" | "PRIVATE KEY" => {
            Some(PrivateKey { encrypted: body.contains("ENCRYPTED"), public: None })
        }
        _ => None,
    }
}

/// The label and the lines of a PEM text.
fn pem(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.strip_prefix("-----BEGIN ")?.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    Some((label, body))
}

fn decoded(body: &str) -> Option<Vec<u8>> {
    let packed: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(packed).ok()
}

fn openssh(bytes: &[u8]) -> Option<PrivateKey> {
    let mut wire = Wire(bytes.strip_prefix(b"openssh-key-v1\0")?);
    let cipher = wire.string()?;
    let _kdf = wire.string()?;
    let _kdf_options = wire.string()?;
    let _keys = wire.number()?;
    let public = wire.string().and_then(from_blob);
    Some(PrivateKey { encrypted: cipher != b"none", public })
}

/// Builds the public key of `RSAPrivateKey ::= SEQUENCE { version, n, e, ... }`.
fn rsa_public(der: &[u8]) -> Option<PublicKey> {
    let (sequence, _) = element(der, 0x30)?;
    let (_version, rest) = element(sequence, 0x02)?;
    let (modulus, rest) = element(rest, 0x02)?;
    let (exponent, _) = element(rest, 0x02)?;
    let mut blob = Vec::new();
    for part in [&b"ssh-rsa"[..], exponent, modulus] {
        blob.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
        blob.extend_from_slice(part);
    }
    from_blob(&blob)
}

/// One DER element of that tag: its content, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let long = usize::from(first & 0x7f);
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(long)?;
            (bytes.iter().fold(0usize, |sum, &b| (sum << 8) | usize::from(b)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made by ssh-keygen without a passphrase; used nowhere.
    const PLAIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACD1BiThCOmGgfGQUu4jK331RLJ5YCIUyislBKqhTTUhkQAAAIj1rP069az9
OgAAAAtzc2gtZWQyNTUxOQAAACD1BiThCOmGgfGQUu4jK331RLJ5YCIUyislBKqhTTUhkQ
AAAEAtxcTCS3pF+bIhIzQkJ/o7zF0LGbHc7KzmHMfaETB/M/UGJOEI6YaB8ZBS7iMrffVE
snlgIhTKKyUEqqFNNSGRAAAABHRlc3QB
-----END OPENSSH PRIVATE KEY-----";
    /// Made by ssh-keygen with a passphrase.
    const ENCRYPTED: &str = "-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABBhhwSJfV
lcyI7xX63RZnIEAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIPpOs41GVtfPqzh1
xKVzwhx4RHWIwGc9/znmhM8dOJ+9AAAAkMXLfAj/VnqMHqWWe2y80hKzl5LPvAz8JiEwSI
GIfQ4ebHpTIuECZJLUwVpCkP7f1TCU5nf5nZ17GxijCTSFyuqFbPPeEPND0F538bYtSO9Z
/ShXusAwT2SzcNtM9etHWXVVszUvbq1JGkQpNSOkCmsT3zUfFm3jrtyQH3j8sBxSaC4f54
+QjixrtWs3mdfOVQ==
-----END OPENSSH PRIVATE KEY-----";
    /// Made by openssl as PKCS#1, 1024 bits.
    const RSA: &str = "-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQDvTCtbjTnCZA1QR158ZZnSWakz3HDnY5NsPuofXCa+Nv/rAoTh
2gTgemuYbTzuBwDrVmo20tmjro24xo/XK4rJkxWQgtMc4TpiHRXipTx7IWJuJ31a
TVrYCujMP9EEyxbB4Y4Voz65j7vFCmuH+qml+W5S7gSWCn+F0KoPFf+zZQIDAQAB
AoGAAItGyfV/PR7nHNicsWG1wNGtXc3Rf+UtD6Dw/VNDT0lmuY0O6kiJnE0K85TD
/7KKYP6YTTmbfxDFh7cD2rRho2SPFYbgHSWX/kd4W0O0/Be/hV/IYewHMZtPvF1w
rDXGtqU9NRYL3Hn+EBb1nm1AWn/e2/K3Qw9wjr67INxVlj0CQQD6IiJQrxolMrFz
4Kr6Y9S2LjTvwy7EZPKxaggRfWq8w48sbPAIKB/ov+WlJOLK6eUxkdo5yuAlwEsn
GBx95iTfAkEA9Oj5buRm405Z9W5fEzk1e1SoX6l/BHdh54LCKRuBOyCl5zU0og0c
exqoYJ9S8I5bBtDBmF/ky6G0JzXe5l1MOwJBAJp/uvJbNasERNduTi2avChLIid2
R8zHDaDH/XPQI720jRrDrv9ayVraLN50iiELl6WmkURhK1ImFEVxfyfEn8ECQCdt
xpKS1PmtaJA517aplDGp3H2iNR/L9IgoJggmNHUHeY4yo6mfQMGU9hywKdMup/r9
6t0UOyqJew6A/sTJqncCQE5eGGfD8nrpV3wUFZKWqdeAzShi//JFWj7Peq6+Svvl
oV1OO6E0SKD3nfEbo8F36km3ZpoaY2bfSvfSrPTq3ic=
-----END RSA PRIVATE KEY-----";

    #[test]
    fn an_openssh_key_without_passphrase_tells_its_public_half() {
        let key = private_key(PLAIN.as_bytes()).unwrap();
        assert!(!key.encrypted);
        assert_eq!(
            key.public.unwrap().fingerprint,
            "SHA256:eTG2UDbZKVQTgSNy8ATrmYRfhngOlf1jYoFTUVNrGz8"
        );
    }

    #[test]
    fn a_passphrase_is_seen_and_the_public_half_still_read() {
        let key = private_key(ENCRYPTED.as_bytes()).unwrap();
        assert!(key.encrypted);
        assert_eq!(
            key.public.unwrap().fingerprint,
            "SHA256:IcUvZS5jFP3y7qMb+RNwQf9jmsbuSm1OqEgXNAMMgr0"
        );
    }

    #[test]
    fn the_public_half_of_a_plain_rsa_key_is_computed() {
        let public = private_key(RSA.as_bytes()).unwrap().public.unwrap();
        assert_eq!(public.fingerprint, "SHA256:R6jZnBzOfbHhgPau38iiaxX5ZwDWTx3rV4Bfbwqzykk");
        assert_eq!(public.bits, Some(1024));
    }

    #[test]
    fn other_keys_and_files_are_told_apart() {
        let pem = |label: &str, head: &str| {
            let text = format!("-----BEGIN {label}-----\n{head}AAAA\n-----END {label}-----\n");
            private_key(text.as_bytes()).map(|key| key.encrypted)
        };
        assert_eq!(pem("EC PRIVATE KEY", ""), Some(false));
        assert_eq!(pem("EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\n"), Some(true));
        assert_eq!(pem("ENCRYPTED PRIVATE KEY", ""), Some(true));
        assert_eq!(pem("CERTIFICATE", ""), None);
        assert_eq!(private_key(b"ssh-ed25519 AAAA"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(content: Vec<u8>) {
            let _ = (private_key(&content), openssh(&content), rsa_public(&content));
        }

        #[test]
        fn any_body_behind_a_header_is_read(body in "[A-Za-z0-9+/=\n]{0,200}") {
            for kind in ["OPENSSH", "RSA"] {
                let text = format!("-----BEGIN {kind} PRIVATE KEY-----\n{body}\n-----END");
                let _ = private_key(text.as_bytes());
            }
        }
    }
}
