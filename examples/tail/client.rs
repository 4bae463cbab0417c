//! Sets up the HTTP client.
//!
//! This module must not decide what happens to a stream: the event source does.

use core::time::Duration;

use reqwest::{redirect, retry};

/// Creates an HTTP client that leaves all decisions to the event source: it follows no redirects, does not retry, and uses
/// each connection once. It detects that the other machine is gone and, in HTTP/2, that the server hangs.
pub(crate) fn http(proxies: bool) -> Result<reqwest::Client, reqwest::Error> {
    // Fails only if a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = || {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .pool_max_idle_per_host(0)
            .tcp_keepalive(KEEP_ALIVE)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE);
        if proxies { builder } else { builder.no_proxy() }
    };
    // A machine without root certificates can still use HTTP. HTTPS then fails with an unknown issuer.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

const KEEP_ALIVE: Duration = Duration::from_secs(20);
