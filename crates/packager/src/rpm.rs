use std::io::Read;

use coroner_openpgp::{Keyring, Signer, ValidAt};
use coroner_pack::PackageFiles;

use crate::Refused;

pub(crate) fn rpm(
    _reader: &mut impl Read,
    _keyring: Option<&Keyring>,
    _at: ValidAt,
) -> Result<(PackageFiles, Option<Signer>), Refused> {
    Err(Refused::Malformed("soon"))
}
