//! What Nx asks for: store and retrieve, with the policy of one run. The transfers are [`bucket`](crate::bucket)'s.

mod health;
mod log;
mod open;
mod remote_cache;
mod report;
mod retrieve;
mod run_end;
mod run_record;
mod summary;
mod task_names;
mod warnings;

pub use log::Log;
pub use open::open;
pub use remote_cache::{Artifact, Body, RemoteCache, Retrieved};
pub use run_end::RunEnd;
pub use run_record::RunRecord;
pub use summary::{Summary, bytes, counted};
pub use warnings::Warning;
