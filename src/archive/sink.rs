//! Where an archive goes.

use std::io::Write;

/// Takes an archive's bytes, and may know where its entries begin.
pub trait Sink: Write {
    /// The bytes from here on belong to the entry `name`, whose content has `size` bytes.
    fn entry(&mut self, name: &[u8], size: u64) {
        let _ = (name, size);
    }
}

impl Sink for Vec<u8> {}
