//! Accounts and what they may do: passwd, shadow, group, sudoers, `sshd_config`, authorized keys.
