//! Spark behind the floating address: what a client of the address sees.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::MasterUi;
use crate::http::Error;

/// How long the address may take to answer; it is on the same network as the masters.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait before the address is asked again.
const POLL: Duration = Duration::from_millis(100);

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

    /// Waits, for as long as it takes, until the address leads to a master that is ALIVE. Gives the edge host that answers.
    pub async fn answered(&self) -> Result<String, Error> {
        let ui = MasterUi::new(&self.ui())?;
        loop {
            let connected = timeout(TIMEOUT, TcpStream::connect((self.address, self.port))).await;
            if matches!(connected, Ok(Ok(_)))
                && ui.state().await.is_ok_and(|state| state.is_alive())
                && let Ok(host) = ui.edge_host().await
            {
                return Ok(host);
            }
            sleep(POLL).await;
        }
    }

    /// The edge host that answers at the address, by its own word.
    pub async fn holder(&self) -> Result<Option<String>, Error> {
        Ok(MasterUi::new(&self.ui())?.edge_host().await.ok())
    }
}
