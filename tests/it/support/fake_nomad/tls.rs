//! TLS for the fake: an authority of its own, certificates of the server and of a client.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

/// The name in the server's certificate, as Nomad's own `nomad tls cert create` writes it.
const SERVER_NAME: &str = "server.global.nomad";

/// Certificates in PEM files, for `NOMAD_CACERT`, `NOMAD_CLIENT_CERT` and `NOMAD_CLIENT_KEY`.
pub(crate) struct Certificates {
    folder: TempDir,
    authority: Issuer<'static, KeyPair>,
    authority_certificate: rcgen::Certificate,
}

/// How the fake's server speaks TLS.
pub(crate) struct Server {
    config: Arc<ServerConfig>,
    /// How many connections it drops before the handshake.
    pub(crate) drops: usize,
}

impl Certificates {
    /// Makes an authority, and a client's certificate that it signed.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority_certificate = params.self_signed(&key).unwrap();
        let authority = Issuer::new(params, key);

        let (client, client_key) = signed("client", &authority);
        let files = [
            ("ca.pem", authority_certificate.pem()),
            ("client.pem", client.pem()),
            ("client-key.pem", client_key.serialize_pem()),
            ("empty.pem", String::new()),
        ];
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Self { folder, authority, authority_certificate }
    }

    /// The path of `ca.pem`, `client.pem`, `client-key.pem`, `empty.pem`, or of a file of `write_server`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `server.pem` and `server-key.pem`, for a server that is a program of its own.
    pub(crate) fn write_server(&self, name: &str) {
        let (certificate, key) = signed(name, &self.authority);
        fs::write(self.path("server.pem"), certificate.pem()).unwrap();
        fs::write(self.path("server-key.pem"), key.serialize_pem()).unwrap();
    }

    /// A server whose certificate carries this name or address; it may ask clients for theirs.
    pub(crate) fn server(&self, name: &str, asks_clients: bool) -> Server {
        let (certificate, key) = signed(name, &self.authority);
        let mut roots = RootCertStore::empty();
        roots.add(self.authority_certificate.der().clone()).unwrap();
        let config = ServerConfig::builder();
        let config = if asks_clients {
            config.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap())
        } else {
            config.with_no_client_auth()
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        Server { config: Arc::new(config), drops: 0 }
    }

    /// A server with Nomad's name for servers, which is not its address.
    pub(crate) fn named_server(&self) -> (Server, &'static str) {
        (self.server(SERVER_NAME, false), SERVER_NAME)
    }
}

/// A certificate for a name or an address, and its key.
fn signed(name: &str, authority: &Issuer<'static, KeyPair>) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

/// Accepts connections and does the handshakes, one after the other.
pub(super) struct TlsListener {
    tcp: TcpListener,
    tls: TlsAcceptor,
    drops: usize,
}

impl TlsListener {
    pub(super) async fn bind(server: Server) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { tcp, tls: TlsAcceptor::from(server.config), drops: server.drops }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.tcp.local_addr().unwrap()
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (connection, address) = self.tcp.accept().await.unwrap();
            if self.drops > 0 {
                self.drops -= 1;
                continue;
            }
            // A client that does not trust the certificate goes away: that is its right.
            if let Ok(stream) = self.tls.accept(connection).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
