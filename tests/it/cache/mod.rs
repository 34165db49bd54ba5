//! The remote cache against a bucket in memory: what it asks for, what it restores, what it does in trouble.

mod deadlines;
mod encryption;
mod hostile;
mod identities;
mod planted;
mod present;
mod requests;
mod round_trip;
mod served;
mod support;
mod tampering;
mod touch;
mod trouble;
mod trust;
