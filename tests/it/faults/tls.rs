//! TLS: which certificates are taken, which are not, and what is said about it.

use std::path::PathBuf;

use nomspark::environment;
use nomspark::error::{Advice, causes};
use nomspark::exit::Exit;
use nomspark::http::{Endpoint, Error};
use nomspark::nomad::Nomad;
use nomspark::nomad::jobs::{ParsedJob, Submission};

use crate::support::fake_nomad::{Certificates, Fake};

/// The endpoint that these variables name, as on the command line.
fn endpoint(fake: &Fake, variables: &[(&str, PathBuf)]) -> Endpoint {
    let lookup = |name: &str| {
        let given = variables.iter().find(|(variable, _)| *variable == name);
        given
            .map(|(_, value)| value.to_str().unwrap().to_owned())
            .or_else(|| (name == "NOMAD_ADDR").then(|| fake.url()))
    };
    environment::nomad(&lookup, None, None).unwrap()
}

async fn ask(fake: &Fake, variables: &[(&str, PathBuf)]) -> Result<usize, Error> {
    Ok(Nomad::new(endpoint(fake, variables))?.nodes().await?.len())
}

fn told(error: &Error) -> String {
    format!("{error}: {}", causes(error).join(": "))
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused() {
    let certificates = Certificates::new();
    let fake = Fake::start_tls(certificates.server("127.0.0.1", false)).await;
    let error = ask(&fake, &[]).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    assert!(told(&error).contains("certificate"), "{}", told(&error));
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn the_authority_s_file_or_folder_makes_it_trusted() {
    let certificates = Certificates::new();
    let fake = Fake::start_tls(certificates.server("127.0.0.1", false)).await;
    assert_eq!(ask(&fake, &[("NOMAD_CACERT", certificates.path("ca.pem"))]).await.unwrap(), 1);
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(certificates.path("ca.pem"), folder.path().join("ca.pem")).unwrap();
    assert_eq!(ask(&fake, &[("NOMAD_CAPATH", folder.path().to_owned())]).await.unwrap(), 1);
}

#[tokio::test]
async fn another_authority_s_file_does_not() {
    let (certificates, other) = (Certificates::new(), Certificates::new());
    let fake = Fake::start_tls(certificates.server("127.0.0.1", false)).await;
    let error = ask(&fake, &[("NOMAD_CACERT", other.path("ca.pem"))]).await.unwrap_err();
    assert!(told(&error).contains("certificate"), "{}", told(&error));
}

#[tokio::test]
async fn the_server_name_is_checked_and_can_differ_from_the_address() {
    let certificates = Certificates::new();
    let (server, name) = certificates.named_server();
    let fake = Fake::start_tls(server).await;
    let authority = ("NOMAD_CACERT", certificates.path("ca.pem"));
    let error = ask(&fake, std::slice::from_ref(&authority)).await.unwrap_err();
    assert!(told(&error).contains("certificate"), "{}", told(&error));
    let named = [authority, ("NOMAD_TLS_SERVER_NAME", PathBuf::from(name))];
    assert_eq!(ask(&fake, &named).await.unwrap(), 1);
    let wrong = [named[0].clone(), ("NOMAD_TLS_SERVER_NAME", PathBuf::from("server.other.nomad"))];
    ask(&fake, &wrong).await.unwrap_err();
}

#[tokio::test]
async fn verification_can_be_skipped() {
    let certificates = Certificates::new();
    let (server, _) = certificates.named_server();
    let fake = Fake::start_tls(server).await;
    assert_eq!(ask(&fake, &[("NOMAD_SKIP_VERIFY", "true".into())]).await.unwrap(), 1);
    ask(&fake, &[("NOMAD_SKIP_VERIFY", "false".into())]).await.unwrap_err();
}

#[tokio::test]
async fn a_server_that_asks_gets_the_client_s_certificate() {
    let certificates = Certificates::new();
    let fake = Fake::start_tls(certificates.server("127.0.0.1", true)).await;
    let authority = ("NOMAD_CACERT", certificates.path("ca.pem"));
    ask(&fake, std::slice::from_ref(&authority)).await.unwrap_err();
    let certificate = ("NOMAD_CLIENT_CERT", certificates.path("client.pem"));
    let key = ("NOMAD_CLIENT_KEY", certificates.path("client-key.pem"));
    assert_eq!(ask(&fake, &[authority, certificate, key]).await.unwrap(), 1);
}

#[tokio::test]
async fn settings_that_cannot_be_meant_are_wrong_usage() {
    let certificates = Certificates::new();
    let fake = Fake::start_tls(certificates.server("127.0.0.1", false)).await;
    let wrong: [&[(&str, &str)]; 6] = [
        &[("NOMAD_CACERT", "missing.pem")],
        // Without a certificate in it, the system's authorities would be trusted instead.
        &[("NOMAD_CACERT", "empty.pem")],
        &[("NOMAD_CACERT", "client-key.pem")],
        &[("NOMAD_CLIENT_CERT", "client.pem")],
        &[("NOMAD_CLIENT_KEY", "client-key.pem")],
        &[("NOMAD_CLIENT_CERT", "empty.pem"), ("NOMAD_CLIENT_KEY", "client-key.pem")],
    ];
    for variables in wrong {
        let variables: Vec<(&str, PathBuf)> =
            variables.iter().map(|(name, file)| (*name, certificates.path(file))).collect();
        let error = ask(&fake, &variables).await.unwrap_err();
        assert_eq!(error.exit(), Exit::Usage, "{variables:?}: {error}");
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_change_whose_connection_never_stood_is_sent_again() {
    let certificates = Certificates::new();
    let mut server = certificates.server("127.0.0.1", false);
    server.drops = 2;
    let fake = Fake::start_tls(server).await;
    let nomad = Nomad::new(endpoint(&fake, &[("NOMAD_CACERT", certificates.path("ca.pem"))])).unwrap();
    let submission = Submission { source: String::new(), format: "hcl2", variables: String::new() };
    nomad.register_job(&ParsedJob(serde_json::json!({})), 0, &submission).await.unwrap();
    assert_eq!(fake.requests_of("POST /v1/jobs").len(), 1);
}
