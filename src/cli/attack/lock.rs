//! What the bucket lets these credentials do.

use serde::Serialize;

use crate::object_store::Error;

/// How the bucket took an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "why")]
pub(super) enum Bucket {
    /// It let it happen.
    Allowed,
    /// It refused.
    Denied,
    /// It can't be told, and why.
    Unknown(String),
}

impl Bucket {
    pub(super) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Allowed,
            Err(Error::AccessDenied { .. }) => Self::Denied,
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}
