//! An artifact as one deterministic tar stream.
