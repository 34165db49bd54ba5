//! The HTTP client under the AWS SDK: trust, proxies, timeouts, and answers that are complete.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_http_client::{Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use aws_types::endpoint_config::EndpointUrl;
use hyper_util::client::legacy;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use url::Url;

use super::Error;
use super::answer::{NotConnected, within};
use super::proxy::{is_near, proxy_for};
use super::trust::Trust;
use crate::cause::find;

/// The client that all requests of a run go through, those for credentials included.
///
/// https trusts the system's certificate authorities, those in the PEM file `ca_bundle`, and those that
/// `NODE_EXTRA_CA_CERTS` and `AWS_CA_BUNDLE` name. `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` are
/// honoured, in capitals or not, except for this machine and for the metadata services of clouds.
///
/// # Errors
/// [`Error::Misconfigured`] where `ca_bundle` can't be read or holds anything but certificates.
pub fn http_client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, Error> {
    let trust = Trust::new(ca_bundle)?;
    let pool = Arc::new(Pool {
        trust,
        connectors: Mutex::default(),
    });
    Ok(SharedHttpClient::new(Client(pool)))
}

#[derive(Debug)]
struct Client(Arc<Pool>);

impl HttpClient for Client {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Caller {
            pool: Arc::clone(&self.0),
            connect_timeout: settings.connect_timeout(),
            read_timeout: settings.read_timeout(),
        })
    }

    /// Called when an SDK client is made: the moment to get ready for https in the background.
    fn validate_base_client_config(
        &self,
        _: &RuntimeComponentsBuilder,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        let plain = |endpoint: &EndpointUrl| endpoint.0.starts_with("http:");
        if !settings.load::<EndpointUrl>().is_some_and(plain) {
            self.0.load_authorities();
        }
        Ok(())
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        Some(ConnectorMetadata::new("hyper", Some("1.x".into())))
    }
}

/// Makes requests with one set of timeouts. The read timeout is applied here rather than in the connector,
/// because each connector has connections of its own.
#[derive(Debug)]
pub(super) struct Caller {
    pool: Arc<Pool>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
}

impl Caller {
    /// One with connections and authorities of its own, for requests to other servers than the bucket's.
    pub(super) fn beyond_bucket(connect: Duration, read: Duration) -> Self {
        let (trust, connectors) = (Trust::beyond_bucket(), Mutex::default());
        Self {
            pool: Arc::new(Pool { trust, connectors }),
            connect_timeout: Some(connect),
            read_timeout: Some(read),
        }
    }
}

impl HttpConnector for Caller {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let pool = Arc::clone(&self.pool);
        let (connect_timeout, read_timeout) = (self.connect_timeout, self.read_timeout);
        HttpConnectorFuture::new(async move {
            let uri = request.uri().to_owned();
            let key = ConnectionKey::to(&uri, connect_timeout)?;
            let connector = pool.connector(key).await?;
            within(read_timeout, "answer", connector.call(request))
                .await?
                .map_err(|error| classified(error, &uri))
        })
    }
}

/// What requests must have in common to share connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ConnectionKey {
    tls: bool,
    proxied: bool,
    connect_timeout: Option<Duration>,
}

impl ConnectionKey {
    fn to(uri: &str, connect_timeout: Option<Duration>) -> Result<Self, ConnectorError> {
        let url = Url::parse(uri).map_err(|error| ConnectorError::user(error.into()))?;
        Ok(Self {
            tls: url.scheme() == "https",
            proxied: !is_near(&url),
            connect_timeout,
        })
    }
}

/// The connectors in use, made when they are first needed.
#[derive(Debug)]
struct Pool {
    trust: Trust,
    connectors: Mutex<HashMap<ConnectionKey, SharedHttpConnector>>,
}

impl Pool {
    async fn connector(self: &Arc<Self>, key: ConnectionKey) -> Result<SharedHttpConnector, ConnectorError> {
        if let Some(connector) = self.lock().get(&key) {
            return Ok(connector.clone());
        }
        let trust = if key.tls {
            self.authorities().await?
        } else {
            TrustStore::empty()
        };
        let mut connectors = self.lock();
        if let Some(connector) = connectors.get(&key) {
            return Ok(connector.clone()); // another request was faster, and has a connection already
        }
        let connector = connector(key, trust)?;
        connectors.insert(key, connector.clone());
        Ok(connector)
    }

    /// Reads the system's store on a thread of its own: it would hold up every other task of a worker thread.
    fn load_authorities(self: &Arc<Self>) -> oneshot::Receiver<()> {
        let (done, loaded) = oneshot::channel();
        let pool = Arc::clone(self);
        let load = move || {
            pool.trust.pem();
            let _ = done.send(()); // whoever waited may have given up
        };
        // Without a thread the channel is closed at once, which whoever waits notices.
        let _ = std::thread::Builder::new().name("authorities".into()).spawn(load);
        loaded
    }

    async fn authorities(self: &Arc<Self>) -> Result<TrustStore, ConnectorError> {
        if self.trust.loaded().is_none() {
            let _ = self.load_authorities().await; // should that thread be lost, it happens below
        }
        match self.trust.pem() {
            "" => Err(ConnectorError::user(
                "this machine has no trusted root certificates, so no certificate can be verified; install them \
                 (the package is usually called ca-certificates) or name a file with them in NODE_EXTRA_CA_CERTS"
                    .into(),
            )),
            pem => Ok(TrustStore::empty().with_pem_certificate(pem)),
        }
    }

    fn lock(&self) -> parking_lot::MutexGuard<'_, HashMap<ConnectionKey, SharedHttpConnector>> {
        self.connectors.lock()
    }
}

fn connector(key: ConnectionKey, trust: TrustStore) -> Result<SharedHttpConnector, ConnectorError> {
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|error| ConnectorError::user(error.into()))?;
    let mut settings = HttpConnectorSettings::builder();
    settings.set_connect_timeout(key.connect_timeout);
    let proxy = if key.proxied {
        ProxyConfig::from_env()
    } else {
        ProxyConfig::disabled()
    };
    let connector = Connector::builder()
        .connector_settings(settings.build())
        .proxy_config(proxy)
        .tls_provider(tls::Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build();
    Ok(SharedHttpConnector::new(connector))
}

/// Marks errors before there was a connection to where `uri` is.
fn classified(error: ConnectorError, uri: &str) -> ConnectorError {
    if find::<legacy::Error>(&error).is_some_and(legacy::Error::is_connect) {
        let silent = error.is_timeout();
        let cause = Box::new(NotConnected {
            proxy: proxy_for(uri),
            cause: error.into(),
        });
        if silent {
            ConnectorError::timeout(cause)
        } else {
            ConnectorError::io(cause)
        }
    } else {
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_share_connections_whatever_their_read_timeout() {
        let limit = Some(Duration::from_secs(1));
        let key = ConnectionKey::to("https://s3.example.org/a", limit).unwrap();
        assert_eq!(
            key,
            ConnectionKey::to("https://s3.example.org/b?x", limit).unwrap()
        );
        assert_ne!(key, ConnectionKey::to("http://s3.example.org/a", limit).unwrap());
        assert!(ConnectionKey::to("no url", limit).is_err());
    }
}
