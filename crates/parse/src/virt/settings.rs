//! The settings of `qemu.conf` and of the daemons that decide who reaches a guest.

use super::libvirt_conf::{BadSetting, Setting, Value, libvirt_conf};
use crate::Text;

/// What `qemu.conf` says for every domain that does not say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QemuConf {
    /// Of VNC consoles.
    pub vnc: VncDefaults,
    /// Of SPICE consoles.
    pub spice: SpiceDefaults,
}

/// The `vnc_*` settings; absent means libvirt's own default (127.0.0.1, no TLS, no password).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the file")]
pub struct VncDefaults {
    /// `vnc_listen`
    pub listen: Option<Text>,
    /// Line of `vnc_listen`, 0 when absent.
    pub listen_line: u32,
    /// `vnc_auto_unix_socket`
    pub unix_socket: bool,
    /// `vnc_tls`
    pub tls: bool,
    /// `vnc_tls_x509_verify`: viewers must show a certificate.
    pub verify_client: bool,
    /// `vnc_password` is set (to whatever).
    pub password: bool,
    /// `vnc_sasl`
    pub sasl: bool,
}

/// The `spice_*` settings; absent means libvirt's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the file")]
pub struct SpiceDefaults {
    /// `spice_listen`
    pub listen: Option<Text>,
    /// Line of `spice_listen`, 0 when absent.
    pub listen_line: u32,
    /// `spice_auto_unix_socket`
    pub unix_socket: bool,
    /// `spice_tls`
    pub tls: bool,
    /// `spice_password` is set (to whatever).
    pub password: bool,
    /// `spice_sasl`
    pub sasl: bool,
}

impl QemuConf {
    /// Reads `qemu.conf`; bad settings come beside the good ones.
    pub fn parse(content: &[u8]) -> (Self, Vec<BadSetting>) {
        let mut conf = Self::default();
        let bad = each_setting(content, |setting| conf.set(setting));
        (conf, bad)
    }

    fn set(&mut self, setting: &Setting) {
        let (vnc, spice) = (&mut self.vnc, &mut self.spice);
        let on = setting.value == Value::Number(1);
        match setting.name.as_bytes() {
            b"vnc_listen" => {
                (vnc.listen, vnc.listen_line) = (text(&setting.value), setting.line);
            }
            b"vnc_auto_unix_socket" => vnc.unix_socket = on,
            b"vnc_tls" => vnc.tls = on,
            b"vnc_tls_x509_verify" => vnc.verify_client = on,
            b"vnc_password" => vnc.password = true,
            b"vnc_sasl" => vnc.sasl = on,
            b"spice_listen" => {
                (spice.listen, spice.listen_line) = (text(&setting.value), setting.line);
            }
            b"spice_auto_unix_socket" => spice.unix_socket = on,
            b"spice_tls" => spice.tls = on,
            b"spice_password" => spice.password = true,
            b"spice_sasl" => spice.sasl = on,
            _ => {}
        }
    }
}

/// `libvirtd.conf`, `virtqemud.conf`, `virtproxyd.conf`: who may command the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of the file")]
pub struct DaemonConf {
    /// `listen_tcp`: plain TCP (needs `--listen`, or a systemd socket that ignores this setting).
    pub listen_tcp: bool,
    /// `listen_tls`: on unless said otherwise, and as much in need of `--listen`.
    pub listen_tls: bool,
    /// `listen_addr`
    pub listen_addr: Option<Text>,
    /// `tcp_port`
    pub tcp_port: u16,
    /// `tls_port`
    pub tls_port: u16,
    /// `auth_tcp = "none"`: whoever reaches the port is root on the host.
    pub tcp_without_authentication: bool,
    /// Line that says so, 0 when absent.
    pub auth_tcp_line: u32,
    /// `tls_no_verify_certificate = 1` (`auth_tls` is none unless said otherwise).
    pub tls_without_certificates: bool,
    /// `auth_tls` asks for SASL as well.
    pub auth_tls_sasl: bool,
    /// Line of `tls_no_verify_certificate`, 0 when absent.
    pub tls_line: u32,
}

impl Default for DaemonConf {
    fn default() -> Self {
        Self {
            listen_tcp: false,
            listen_tls: true,
            listen_addr: None,
            tcp_port: 16509,
            tls_port: 16514,
            tcp_without_authentication: false,
            auth_tcp_line: 0,
            tls_without_certificates: false,
            auth_tls_sasl: false,
            tls_line: 0,
        }
    }
}

impl DaemonConf {
    /// Reads a daemon's file; bad settings come beside the good ones.
    pub fn parse(content: &[u8]) -> (Self, Vec<BadSetting>) {
        let mut conf = Self::default();
        let bad = each_setting(content, |setting| conf.set(setting));
        (conf, bad)
    }

    fn set(&mut self, setting: &Setting) {
        let on = setting.value == Value::Number(1);
        match setting.name.as_bytes() {
            b"listen_tcp" => self.listen_tcp = on,
            b"listen_tls" => self.listen_tls = on,
            b"listen_addr" => self.listen_addr = text(&setting.value),
            b"tcp_port" => self.tcp_port = port(&setting.value).unwrap_or(self.tcp_port),
            b"tls_port" => self.tls_port = port(&setting.value).unwrap_or(self.tls_port),
            b"auth_tcp" => {
                self.tcp_without_authentication =
                    text(&setting.value).is_some_and(|auth| auth == "none");
                self.auth_tcp_line = setting.line;
            }
            b"auth_tls" => {
                self.auth_tls_sasl = text(&setting.value).is_some_and(|auth| auth == "sasl");
            }
            b"tls_no_verify_certificate" => {
                (self.tls_without_certificates, self.tls_line) = (on, setting.line);
            }
            _ => {}
        }
    }
}

fn each_setting(content: &[u8], mut set: impl FnMut(&Setting)) -> Vec<BadSetting> {
    let mut bad = Vec::new();
    for setting in libvirt_conf(content) {
        match setting {
            Ok(setting) => set(&setting),
            Err(error) => bad.push(error),
        }
    }
    bad
}

fn text(value: &Value) -> Option<Text> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::List(_) => None,
    }
}

/// Old files quote port numbers.
fn port(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => u16::try_from(*number).ok(),
        Value::String(text) => text.as_str()?.parse().ok(),
        Value::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qemu_conf_defaults_are_read_and_the_password_is_not_kept() {
        let (conf, bad) = QemuConf::parse(
            b"vnc_listen = \"0.0.0.0\"\nvnc_tls = 1\nvnc_tls_x509_verify = 1\nvnc_password = \"XYZ12345\"\nspice_sasl = 1\noops\n",
        );
        assert_eq!(conf.vnc.listen.as_ref().unwrap(), &"0.0.0.0");
        assert!(conf.vnc.tls && conf.vnc.verify_client && conf.vnc.password && conf.spice.sasl);
        assert!(!format!("{conf:?}").contains("XYZ12345"));
        assert_eq!(bad.len(), 1);
    }

    #[test]
    fn a_file_of_comments_means_the_defaults() {
        assert_eq!(QemuConf::parse(b"#vnc_listen = \"0.0.0.0\"\n").0, QemuConf::default());
        assert_eq!(DaemonConf::parse(b"#auth_tcp = \"none\"\n").0, DaemonConf::default());
    }

    #[test]
    fn a_daemon_without_authentication_is_told_with_its_line() {
        let (conf, _) =
            DaemonConf::parse(b"listen_tcp = 1\ntcp_port = \"16510\"\nauth_tcp = \"none\"\n");
        assert!(conf.listen_tcp && conf.tcp_without_authentication);
        assert_eq!((conf.tcp_port, conf.auth_tcp_line), (16510, 3));
        let (last, _) = DaemonConf::parse(b"auth_tcp = \"none\"\nauth_tcp = \"sasl\"\n");
        assert!(!last.tcp_without_authentication);
    }
}
