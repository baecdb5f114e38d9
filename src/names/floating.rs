//! The floating address of a cluster.

use std::net::{IpAddr, SocketAddr};

/// The floating address of a cluster and its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatingAddress {
    /// The address.
    pub address: IpAddr,
    /// The port of `spark://` URLs.
    pub port: u16,
    /// The port of the web UI.
    pub ui_port: u16,
}

impl FloatingAddress {
    /// The `spark://` URL for workers and drivers.
    #[must_use]
    pub fn master(&self) -> String {
        format!("spark://{}", self.rpc())
    }

    /// HOST:PORT of `spark://` URLs.
    #[must_use]
    pub fn rpc(&self) -> String {
        SocketAddr::new(self.address, self.port).to_string()
    }

    /// The web UI's HOST:PORT.
    #[must_use]
    pub fn ui(&self) -> String {
        SocketAddr::new(self.address, self.ui_port).to_string()
    }
}
