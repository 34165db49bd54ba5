//! Answers that mean "later", beside those that the SDK knows.

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

/// Retries 408 and 429. AWS answers 503 instead; Cloudflare R2, Google and others use these.
#[derive(Debug)]
pub(super) struct Busy;

impl ClassifyRetry for Busy {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|response| response.status().as_u16()) {
            Some(408) => RetryAction::transient_error(),
            Some(429) => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "408 and 429"
    }
}
