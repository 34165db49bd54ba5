//! Mutations that keep most of an input's structure.

/// The unit in which formats here are laid out.
const BLOCK: usize = 512;

/// What makes parsers stumble.
const WORDS: [&[u8]; 16] = [
    b"../",
    b"/",
    b"..",
    b".",
    b"\0",
    b"outputs/",
    b"terminal-output",
    b"NUL",
    b"C:\\",
    b"\\",
    b"\xff\xff\xff\xff",
    b"\x80",
    b"77777777777",
    b"00000000000",
    b"A",
    b"a/b/c",
];

/// Draws inputs, the same in every run.
pub struct Mutator {
    seeds: Vec<Vec<u8>>,
    state: u64,
}

impl Mutator {
    pub fn new(seeds: Vec<Vec<u8>>) -> Self {
        Self {
            seeds,
            state: 0x6e78_7333_6361_6368,
        }
    }

    /// One to eight mutations of one of the seeds.
    pub fn next(&mut self) -> Vec<u8> {
        let mut input = self.seed();
        for _ in 0..=self.below(8) {
            self.mutate(&mut input);
        }
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let block = at / BLOCK * BLOCK;
        let end = input.len().min(block + BLOCK);
        match self.below(9) {
            0 => input.truncate(at),
            1 => drop(input.drain(block..end)),
            2 => {
                let copy = input[block..end].to_vec();
                input.splice(block..block, copy);
            }
            3 => {
                let other = self.seed();
                let from = self.below(other.len() / BLOCK + 1) * BLOCK;
                let until = other.len().min(from + BLOCK * (1 + self.below(3)));
                input.splice(block..block, other[from..until].iter().copied());
            }
            4 | 5 => {
                let word = WORDS[self.below(WORDS.len())];
                let until = input.len().min(at + word.len());
                input.splice(at..until, word.iter().copied());
            }
            // A header's name, type, size or magic.
            6 => {
                let field = block + [0, 8, 156, 124, 157, 100, 257][self.below(7)];
                let byte = b"0123456789LKSxg./\0\xff"[self.below(19)];
                input.get_mut(field).into_iter().for_each(|there| *there = byte);
            }
            _ => {
                let bit = 1 << self.below(8);
                input.get_mut(at).into_iter().for_each(|byte| *byte ^= bit);
            }
        }
    }

    fn seed(&mut self) -> Vec<u8> {
        let index = self.below(self.seeds.len());
        self.seeds[index].clone()
    }

    /// Marsaglia's xorshift64, plenty for this.
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % limit as u64) as usize
    }
}
