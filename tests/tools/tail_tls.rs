//! Tests of the `tail` tool over TLS, with HTTP/1.1 and HTTP/2, and the server of `serve` with a self-signed
//! certificate.

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::app::{Options, router};
use crate::common::tail::{S, finish, run, tail};

#[test]
fn http_1_and_http_2_over_tls() {
    for (protocol, version) in [("http/1.1", "HTTP/1.1"), ("h2", "HTTP/2.0")] {
        let (address, certificate) = serve(protocol);
        let url = format!("https://localhost:{}/events", address.port());
        let arguments = ["--json", "--verbose", "--events", "12", &url];
        let child = tail(&arguments).env("SSL_CERT_FILE", &certificate).spawn().expect("the tool starts");
        let output = finish(child, 60 * S);
        assert_eq!(output.status, Some(0), "{:?}", output.stderr);
        let stderr = output.stderr.join("\n");
        let opened = format!("tail: the stream is open, {version}");
        assert!(output.stderr.iter().filter(|line| **line == opened).count() >= 2, "{stderr}");
        assert!(stderr.contains("next attempt in "), "it was cut: {stderr}");
        let ids = (1..=12).map(|id| format!("\"last_event_id\":\"{id}\"}}"));
        assert!(output.stdout.lines().zip(ids).all(|(line, id)| line.ends_with(&id)), "{}", output.stdout);
        assert_eq!(output.stdout.lines().count(), 12);

        if protocol == "h2" {
            // Without that certificate the server is not trusted.
            let why = "TLS failed: invalid peer certificate: UnknownIssuer";
            let advice = "check that the server speaks TLS at this port and that its certificate is trusted here";
            run(&[&url]).assert_ends(4, &format!("tail: given up after 3 attempts: {why}; {advice}"));
        }
    }
}

/// Starts a server that cuts after 5 events. Returns its address and the path of its certificate.
fn serve(protocol: &str) -> (SocketAddr, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".into()]).expect("a certificate");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tail-tls-{}.pem", protocol.len()));
    fs::write(&path, cert.pem()).expect("a file");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a key for the certificate");
    config.alpn_protocols = vec![protocol.into()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("a socket");
            let listener = Tls { listener: TcpListener::from_std(listener).expect("a socket"), acceptor };
            let options = Options { every: Duration::from_millis(20), cut_after: Some(5), ..Options::default() };
            axum::serve(listener, router(options)).await
        })
    });
    (address, path.into_os_string().into_string().expect("UTF-8"))
}

struct Tls {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (socket, address) = self.listener.accept().await.expect("a connection");
            if let Ok(stream) = self.acceptor.accept(socket).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
