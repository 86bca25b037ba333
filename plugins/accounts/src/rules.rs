//! All rules, by topic.

mod account;
mod group;
mod key;
mod login;
mod shell;
mod sshd;
mod sudo;

pub(crate) use account::*;
pub(crate) use group::*;
pub(crate) use key::*;
pub(crate) use login::*;
pub(crate) use shell::*;
pub(crate) use sshd::*;
pub(crate) use sudo::*;

use coroner_core::Rule;

/// Every rule of this plugin.
pub(crate) static ALL: &[&Rule] = &[
    &SECOND_UID_0,
    &UID_0_WITHOUT_SHADOW,
    &HASH_IN_PASSWD,
    &EMPTY_PASSWORD,
    &WEAK_PASSWORD,
    &SYSTEM_ACCOUNT_PASSWORD,
    &LOGIN_WITHOUT_HOME,
    &REPEATED_NAME,
    &SHARED_SYSTEM_UID,
    &ODD_LINE,
    &NIS_LINE,
    &SHADOW_DISAGREES,
    &FILE_OPEN,
    &SHELL_NAME_DISGUISED,
    &SHELL_IS_A_COPY,
    &SHELL_IN_ODD_PLACE,
    &SHELL_UNOWNED,
    &SHELL_MISSING,
    &SYSTEM_ACCOUNT_IN_POWERFUL_GROUP,
    &SECOND_GID_0,
    &GROUP_PASSWORD,
    &SYSTEM_ACCOUNT_KEY,
    &KEY_FILE_OPEN,
    &KEY_ON_ROOT_AND_SYSTEM_ACCOUNT,
    &OWN_PRIVATE_KEY,
    &KEY_ADDED_BESIDE_COPY,
    &SUDOERS_ALL_WITHOUT_PASSWORD,
    &SUDOERS_EVERYONE,
    &SUDOERS_NUMBER,
    &SUDOERS_SHELL_WITHOUT_PASSWORD,
    &SUDOERS_WEAK_PROGRAM,
    &SUDOERS_FILE_OPEN,
    &SUDOERS_INCLUDE_ELSEWHERE,
    &SUDOERS_NO_AUTHENTICATION,
    &SUDOERS_ENVIRONMENT,
    &SUDOERS_LOGGING_OFF,
    &DOAS_WITHOUT_PASSWORD,
    &SSHD_EMPTY_PASSWORDS,
    &SSHD_FILE_PLACE,
    &SSHD_KEYS_COMMAND_UNOWNED,
    &SSHD_OPENS_FOR_ADDRESS,
    &SSHD_LOG_QUIET,
    &SSHD_EXTRA_PORT,
    &SSHD_PAM_OFF,
    &SSHD_INCLUDE_ELSEWHERE,
    &SSHD_USER_ENVIRONMENT,
    &NSS_UNOWNED_LIBRARY,
    &NSS_UNUSUAL_SERVICE,
    &PAM_LETS_EVERYONE_IN,
    &PAM_EXCEPTION,
];
