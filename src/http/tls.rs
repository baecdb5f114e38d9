//! Turns an endpoint's TLS settings into reqwest's.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder, Identity, Url};

use super::{Endpoint, Error};

type BoxedError = Box<dyn std::error::Error + Send + Sync>;

/// Applies proxy, socket and TLS settings; gives the base address of all requests.
pub(super) fn configure(builder: ClientBuilder, endpoint: &Endpoint) -> Result<(ClientBuilder, Url), Error> {
    let mut builder = if endpoint.is_direct() { builder.no_proxy() } else { builder };
    let mut base = endpoint.address.clone();

    if endpoint.address.scheme() == "unix" {
        builder = builder.unix_socket(PathBuf::from(endpoint.address.path()));
        base = Url::parse("http://localhost").map_err(|source| setting("the socket's address", source.into()))?;
        return Ok((builder, base));
    }

    let tls = &endpoint.tls;
    let authorities = authorities(tls.ca_certificate.as_deref(), tls.ca_path.as_deref())?;
    if !authorities.is_empty() {
        builder = builder.tls_certs_only(authorities);
    }
    match (&tls.client_certificate, &tls.client_key) {
        (Some(certificate), Some(key)) => {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            let identity = Identity::from_pem(&pem).map_err(|source| setting(&name(certificate), source.into()))?;
            builder = builder.identity(identity);
        }
        (Some(alone), None) => return Err(setting(&name(alone), "a client's certificate needs its key too".into())),
        (None, Some(alone)) => return Err(setting(&name(alone), "a client's key needs its certificate too".into())),
        (None, None) => {}
    }
    builder = builder.tls_danger_accept_invalid_certs(tls.skip_verify);
    if let Some(server_name) = &tls.server_name {
        // The name to check is the URL's host, so the URL carries the name and the resolver the address.
        let port = endpoint.address.port_or_known_default().unwrap_or(443);
        let host = endpoint.address.host_str().unwrap_or_default();
        let address = resolve(host, port)?;
        base.set_host(Some(server_name)).map_err(|source| setting("the TLS server name", source.into()))?;
        builder = builder.resolve(server_name, address);
    }
    Ok((builder, base))
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, Error> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    let mut addresses = std::net::ToSocketAddrs::to_socket_addrs(&(host, port))
        .map_err(|source| setting(&format!("the address {host}"), source.into()))?;
    addresses.next().ok_or_else(|| setting(&format!("the address {host}"), "it resolves to nothing".into()))
}

fn authorities(file: Option<&Path>, folder: Option<&Path>) -> Result<Vec<Certificate>, Error> {
    let mut files: Vec<PathBuf> = file.map(Path::to_path_buf).into_iter().collect();
    if let Some(folder) = folder {
        let entries = std::fs::read_dir(folder).map_err(|source| setting(&name(folder), source.into()))?;
        for entry in entries {
            let path = entry.map_err(|source| setting(&name(folder), source.into()))?.path();
            if path.is_file() {
                files.push(path);
            }
        }
    }
    let mut certificates = Vec::new();
    for path in files {
        let bundle = Certificate::from_pem_bundle(&read(&path)?);
        certificates.extend(bundle.map_err(|source| setting(&name(&path), source.into()))?);
    }
    // Without any, the system's authorities would be trusted, which nobody asked for.
    match file.or(folder) {
        Some(path) if certificates.is_empty() => Err(setting(&name(path), "there is no certificate in it".into())),
        _ => Ok(certificates),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| setting(&name(path), source.into()))
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn setting(what: &str, source: BoxedError) -> Error {
    Error::Setting { what: format!("{what} cannot be used for TLS"), source }
}
