//! The operator's minisign key, by the crate of minisign's own author.

use std::io::Cursor;

use base64::Engine as _;
use minisign::{PublicKey, SecretKey, SecretKeyBox};

/// A secret key, ready to sign.
pub struct Signer {
    secret: SecretKey,
    public: PublicKey,
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The file holds no secret key, or nobody gave the password.
    #[error("not opened as a minisign secret key ({0}): give the file that `minisign -G` made")]
    NotAKey(String),
    /// The password does not open it.
    #[error("the password does not open it")]
    Password,
    /// The signature could not be made.
    #[error("cannot sign: {0}")]
    Failed(String),
}

/// A key without a password. The stock minisign leaves its checksum out, which the crate's own reader
/// refuses; that the halves fit is seen when the signature is verified.
fn unprotected(text: &str) -> Option<SecretKey> {
    let line = text.lines().nth(1)?.trim();
    let bytes = base64::engine::general_purpose::STANDARD.decode(line).ok()?;
    // After the signature's algorithm stands that of the password: none is two zeros.
    let secret = SecretKey::from_bytes(&bytes).ok()?;
    (bytes.get(2..4)? == [0, 0]).then_some(secret)
}

impl SignError {
    fn not_a_key(error: minisign::PError) -> Self {
        match error.kind() {
            minisign::ErrorKind::Verify => Self::Password,
            _ => Self::NotAKey(error.to_string()),
        }
    }
}

impl Signer {
    /// Opens a secret key file. One with a password takes the one given; without one it is asked for
    /// on the terminal.
    ///
    /// # Errors
    /// It is no key, or the password is wrong.
    pub fn open(text: &str, password: Option<String>) -> Result<Self, SignError> {
        let secret = match unprotected(text) {
            Some(secret) => secret,
            None => SecretKeyBox::from_string(text)
                .and_then(|boxed| boxed.into_secret_key(password))
                .map_err(SignError::not_a_key)?,
        };
        let public = PublicKey::from_secret_key(&secret).map_err(SignError::not_a_key)?;
        Ok(Self { secret, public })
    }

    /// The public half, as the base64 line that minisign shows.
    pub fn key(&self) -> String {
        self.public.to_base64()
    }

    /// The public half, as the file that `minisign -G` makes.
    pub fn public_file(&self) -> String {
        format!("untrusted comment: minisign public key of the medium\n{}\n", self.key())
    }

    /// The signature file of these bytes.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, SignError> {
        let note = "signature of a coroner medium";
        let (public, bytes) = (Some(&self.public), Cursor::new(bytes));
        let signature = minisign::sign(public, &self.secret, bytes, Some(comment), Some(note));
        let signature = signature.map_err(|error| SignError::Failed(error.to_string()))?;
        Ok(signature.into_string())
    }
}
