//! Which proxy requests go through.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::{Host, Url};

use crate::config::environment;

/// A proxy that requests go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// `scheme://host:port`, without user and password.
    pub address: String,
    /// The environment variable that names it.
    pub variable: &'static str,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

/// The proxy for requests to `url`; `None` where they go straight there. The same decision as that of the HTTP client.
pub fn proxy_for(url: &str) -> Option<Proxy> {
    if is_near(&Url::parse(url).ok()?) {
        return None;
    }
    let proxy = Matcher::from_env().intercept(&url.parse().ok()?)?;
    let proxy = proxy.uri();
    let port = proxy.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(Proxy {
        address: format!("{}://{}{port}", proxy.scheme_str()?, proxy.host()?),
        variable: variable_for(url),
    })
}

/// The variable that the matcher takes the proxy for `url` from.
fn variable_for(url: &str) -> &'static str {
    let own = if url.starts_with("https:") {
        ["HTTPS_PROXY", "https_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy"]
    };
    let is_set = |name: &&str| environment::process(name).is_some();
    own.into_iter()
        .chain(["ALL_PROXY", "all_proxy"])
        .find(is_set)
        .unwrap_or(own[0])
}

/// Whether a host is this machine or a cloud's metadata service, which no proxy can reach.
pub(super) fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_link_local(),
        // fd00:ec2::/32 is where EC2 and EKS answer.
        Some(Host::Ipv6(address)) => address.is_loopback() || address.segments()[..2] == [0xfd00, 0x0ec2],
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_stands_before_this_machine_and_metadata_services() {
        let near = |host: &str| is_near(&Url::parse(&format!("http://{host}/key")).unwrap());
        for host in [
            "localhost:9000",
            "b.s3.localhost",
            "127.0.0.2",
            "[::1]",
            "169.254.169.254",
            "[fd00:ec2::254]",
        ] {
            assert!(near(host), "{host}");
        }
        for host in [
            "s3.amazonaws.com",
            "localhost.example.org",
            "10.0.0.1",
            "[fd00:ec3::1]",
        ] {
            assert!(!near(host), "{host}");
        }
    }
}
