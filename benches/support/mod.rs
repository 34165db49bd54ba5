//! What is measured: bytes and trees that look like build outputs, the same on every machine.
#![allow(dead_code)] // each benchmark uses another part
#![allow(clippy::unwrap_used)] // a broken setup should fail loudly

use std::fs;
use std::path::Path;

const WORDS: [&str; 24] = [
    "const ",
    "return ",
    "function ",
    "(value) => ",
    "exports.",
    " = ",
    ";\n",
    "{\n  ",
    "\n}\n",
    "import ",
    "from ",
    "require(",
    ")",
    "'./index.js'",
    "undefined",
    "this.",
    "async ",
    "await ",
    "options",
    "=== ",
    "null",
    "// ",
    "if (",
    "interface ",
];

/// Text that compresses about as well as JavaScript does: words of a few kinds, and names that don't repeat.
pub fn code(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut text = Vec::with_capacity(len + 32);
    while text.len() < len {
        let choice = next();
        if choice % 8 == 0 {
            text.extend_from_slice(format!("name{:x}", next() % 0xFFFF).as_bytes());
        } else {
            text.extend_from_slice(WORDS[(choice >> 8) as usize % WORDS.len()].as_bytes());
        }
    }
    text.truncate(len);
    text
}

/// Writes `files` files of `size` bytes below `directory`, twenty to a directory.
pub fn tree(directory: &Path, files: usize, size: usize) {
    for file in 0..files {
        let parent = directory.join(format!("lib/d{}", file / 20));
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("f{file}.js")), code(size, file as u64 + 1)).unwrap();
    }
}
