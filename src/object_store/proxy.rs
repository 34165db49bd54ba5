//! Which proxy requests go through.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::http::is_near;

/// The proxy for requests to `url`, as `scheme://host:port`, without its user and password; `None` where they go
/// straight there. The same decision as that of the HTTP client.
pub fn proxy_for(url: &str) -> Option<String> {
    if is_near(&Url::parse(url).ok()?) {
        return None;
    }
    let proxy = Matcher::from_env().intercept(&url.parse().ok()?)?;
    let proxy = proxy.uri();
    let port = proxy.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{}{port}", proxy.scheme_str()?, proxy.host()?))
}
