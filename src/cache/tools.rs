//! What packing and compressing work with. It is made once and lent, since memory that is new costs more time
//! than filling it.

use std::io;

use parking_lot::Mutex;

use crate::compress::Compressor;
use crate::config::Compression;

/// A compressor, and a buffer for the chunk to come.
pub struct Tools {
    pub compressor: Compressor,
    pub buffer: Vec<u8>,
}

/// The tools that nobody uses at the moment.
pub struct Toolbox {
    compression: Compression,
    free: Mutex<Vec<Tools>>,
}

impl Toolbox {
    /// An empty box of tools for `compression`.
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            free: Mutex::default(),
        }
    }

    /// Lends tools to `work`.
    pub fn lend<T>(&self, work: impl FnOnce(&mut Tools) -> T) -> io::Result<T> {
        let free = self.free.lock().pop();
        let mut tools = match free {
            Some(tools) => tools,
            None => Tools {
                compressor: Compressor::new(self.compression)?,
                buffer: Vec::new(),
            },
        };
        let done = work(&mut tools);
        self.free.lock().push(tools);
        Ok(done)
    }
}
