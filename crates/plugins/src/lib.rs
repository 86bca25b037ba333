//! The one list of plugins. A crate that is not named here is not linked, and its checks would be
//! missing without a word; tests/ compares this list with the folders of plugins/.

use coroner_plugin_accounts as _;
use coroner_plugin_binaries as _;
use coroner_plugin_cron as _;
use coroner_plugin_firewall as _;
use coroner_plugin_hidden as _;
use coroner_plugin_launch as _;
use coroner_plugin_libvirt as _;
use coroner_plugin_logins as _;
use coroner_plugin_modules as _;
use coroner_plugin_processes as _;
use coroner_plugin_sockets as _;
use coroner_plugin_startup as _;
use coroner_plugin_traffic as _;

pub use coroner_core::registry;
