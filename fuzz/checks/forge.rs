//! Archives forged byte by byte, so that they can say what no tar program would write.

/// The unit of a tar stream.
pub const BLOCK: usize = 512;

/// The end of an archive.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// One record: a header whose every field can be chosen, and what follows it.
#[derive(Clone)]
pub struct Record {
    header: [u8; BLOCK],
    content: Vec<u8>,
}

impl Record {
    /// A GNU header with the type `kind`, mode 0644 and no content.
    pub fn new(kind: u8, name: &[u8]) -> Self {
        let mut record = Self {
            header: [0; BLOCK],
            content: Vec::new(),
        };
        record.header[..name.len()].copy_from_slice(name);
        record.header[156] = kind;
        record.header[257..265].copy_from_slice(b"ustar  \0");
        record
            .field(100, b"0000644\0")
            .field(136, b"00000000000\0")
            .size(0)
    }

    pub fn file(name: &str, content: &[u8]) -> Self {
        Self::new(b'0', name.as_bytes()).content(content)
    }

    /// An `L` or `K` record: a long name or link target for the next record.
    pub fn long(kind: u8, text: &[u8]) -> Self {
        Self::new(kind, b"././@LongLink").content(&[text, b"\0"].concat())
    }

    /// Overwrites the header from `offset` on.
    pub fn field(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.header[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    pub fn mode(self, mode: u32) -> Self {
        self.field(100, format!("{mode:07o}\0").as_bytes())
    }

    /// What the header says of the size, whatever follows.
    pub fn size(self, size: u64) -> Self {
        self.field(124, format!("{size:011o}\0").as_bytes())
    }

    /// What follows, with its true size.
    pub fn content(mut self, content: &[u8]) -> Self {
        self.content = content.to_vec();
        self.content.resize(content.len().next_multiple_of(BLOCK), 0);
        self.size(content.len() as u64)
    }

    /// The record with its checksum.
    pub fn bytes(&self) -> Vec<u8> {
        let mut header = self.header;
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        [&header, self.content.as_slice()].concat()
    }
}

impl std::fmt::Debug for Record {
    /// Name and link target.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = |field: &[u8]| {
            field
                .iter()
                .filter(|byte| **byte != 0)
                .copied()
                .collect::<Vec<_>>()
        };
        let (name, target) = (text(&self.header[..100]), text(&self.header[157..257]));
        write!(f, "{:?} {:?}", name.escape_ascii(), target.escape_ascii())
    }
}

/// The records, and the end of an archive.
pub fn archive(records: &[Record]) -> Vec<u8> {
    let mut bytes: Vec<u8> = records.iter().flat_map(Record::bytes).collect();
    bytes.extend(END);
    bytes
}

/// The same after a terminal output.
pub fn outputs(records: &[Record]) -> Vec<u8> {
    archive(&[&[Record::file("terminal-output", b"ok")], records].concat())
}
