//! Compressors and buffers that are reused: allocating their memory anew takes longer than filling it.

use std::io;

use parking_lot::Mutex;

use crate::compress::Compressor;
use crate::config::Compression;

/// A compressor, and a buffer for the chunk that is being cut or the object that is being made.
pub struct PooledCompressor {
    pub compressor: Compressor,
    pub buffer: Vec<u8>,
}

/// The compressors that are not in use.
pub struct CompressorPool {
    compression: Compression,
    free: Mutex<Vec<PooledCompressor>>,
}

impl CompressorPool {
    /// An empty pool of compressors for `compression`.
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            free: Mutex::default(),
        }
    }

    /// Runs `work` with a compressor, which then returns to the pool.
    pub fn with<T>(&self, work: impl FnOnce(&mut PooledCompressor) -> T) -> io::Result<T> {
        let free = self.free.lock().pop();
        let mut pooled = match free {
            Some(pooled) => pooled,
            None => PooledCompressor {
                compressor: Compressor::new(self.compression)?,
                buffer: Vec::new(),
            },
        };
        let done = work(&mut pooled);
        self.free.lock().push(pooled);
        Ok(done)
    }
}
