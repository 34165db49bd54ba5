//! What every transfer needs.

use std::sync::Arc;

use super::budget::Budget;
use super::requests::Requests;
use super::touch::Touches;

/// The way to the bucket, what it may take, and what is refreshed on it.
#[derive(Clone)]
pub struct Transfer {
    pub requests: Arc<Requests>,
    pub budget: Arc<Budget>,
    pub touches: Arc<Touches>,
}
