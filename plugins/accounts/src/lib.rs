//! Accounts, passwords, sudoers, authorized keys, sshd_config.
