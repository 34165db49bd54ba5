//! An HTTP client whose connectors do something more.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;

/// `client` with `wrap` around each of its connectors.
pub(super) fn wrapped(
    client: SharedHttpClient,
    wrap: impl Fn(SharedHttpConnector) -> SharedHttpConnector + Send + Sync + 'static,
) -> SharedHttpClient {
    SharedHttpClient::new(Wrapped { client, wrap })
}

struct Wrapped<F> {
    client: SharedHttpClient,
    wrap: F,
}

impl<F> fmt::Debug for Wrapped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wrapped").field(&self.client).finish()
    }
}

#[deny(clippy::missing_trait_methods)]
impl<F> HttpClient for Wrapped<F>
where
    F: Fn(SharedHttpConnector) -> SharedHttpConnector + Send + Sync,
{
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        (self.wrap)(self.client.http_connector(settings, components))
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_base_client_config(components, settings)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        settings: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_final_config(components, settings)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}
