//! TLS without C: rustls with graviola's cryptography.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::Failure;

/// Where distributions keep the authorities that they trust.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
const LONGEST_FILE: u64 = 4 << 20;

/// Checks servers against the authorities of a file, or those of this machine.
pub(crate) fn configuration(authorities: Option<&Path>) -> Result<TlsConfig, Failure> {
    check_processor()?;
    let of_machine = || BUNDLES.iter().map(Path::new).find(|path| path.is_file());
    let Some(path) = authorities.or_else(of_machine) else {
        return Err(refusal("https", "this machine has no list of authorities; give --ca-file"));
    };
    let certificates = certificates(path)?;
    let roots = RootCerts::new_with_certs(&certificates);
    let provider = Arc::new(provider());
    Ok(TlsConfig::builder().root_certs(roots).unversioned_rustls_crypto_provider(provider).build())
}

fn refusal(of: &str, why: &str) -> Failure {
    Failure::Tls(of.to_owned(), why.to_owned())
}

fn certificates(path: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, Failure> {
    let name = path.display().to_string();
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_end(&mut pem));
    read.map_err(|error| refusal(&name, &error.to_string()))?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let certificates: Vec<_> = items.collect();
    if certificates.is_empty() {
        return Err(refusal(&name, "holds no certificate in PEM form"));
    }
    Ok(certificates)
}

/// Without the part that signs: coroner shows no certificate of its own, and it would be linked.
fn provider() -> CryptoProvider {
    CryptoProvider { key_provider: &NoKeys, ..rustls_graviola::default_provider() }
}

#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(
        &self,
        _: PrivateKeyDer<'static>,
    ) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no client certificates".to_owned()))
    }
}

/// graviola panics on processors without these (before about 2014).
#[cfg(target_arch = "x86_64")]
fn check_processor() -> Result<(), Failure> {
    use std::arch::is_x86_feature_detected as has;
    let able = has!("aes")
        && has!("pclmulqdq")
        && has!("bmi1")
        && has!("bmi2")
        && has!("adx")
        && has!("avx")
        && has!("avx2");
    processor(able)
}

#[cfg(target_arch = "aarch64")]
fn check_processor() -> Result<(), Failure> {
    use std::arch::is_aarch64_feature_detected as has;
    processor(has!("neon") && has!("aes") && has!("pmull") && has!("sha2"))
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn check_processor() -> Result<(), Failure> {
    processor(false)
}

fn processor(able: bool) -> Result<(), Failure> {
    let why = "this processor lacks what the cryptography needs (x86: AES, ADX, AVX2); ask over http, \
               through ssh -L";
    if able { Ok(()) } else { Err(refusal("https", why)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let said = configuration(Some(Path::new("Cargo.toml"))).unwrap_err().to_string();
        assert!(said.contains("Cargo.toml: holds no certificate"), "{said}");
        let said = configuration(Some(Path::new("/no/such"))).unwrap_err().to_string();
        assert!(said.contains("/no/such: No such file"), "{said}");
    }

    #[test]
    fn a_processor_that_cannot_is_an_error_and_no_panic() {
        assert!(processor(false).unwrap_err().to_string().contains("ssh -L"));
    }
}
