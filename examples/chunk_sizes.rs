//! What a series of builds costs with chunks of other sizes: cuts and compresses the builds with the real code, and counts
//! requests, bytes, dollars and seconds. Nothing is sent.
//!
//! ```sh
//! npm run bench -- --only series    # makes the series
//! cargo run --release --example chunk_sizes -- ~/.cache/nx-s3-cache/bench/corpora/{releases,monorepo}-1
//! ```
//!
//! A series is a directory with one directory a build, named in their order; each has one directory an artifact.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use nx_s3_cache::archive;
use nx_s3_cache::chunk::{ChunkId, ChunkWriter};
use nx_s3_cache::compress::Compressor;
use nx_s3_cache::config::Compression;

/// Dollars at AWS's list prices, us-east-1.
const PUT: f64 = 5e-6;
const GET: f64 = 0.4e-6;
const BYTE_MONTH: f64 = 0.023e-9;
/// How often each build is restored, and for how many months it is kept.
const RESTORES: f64 = 10.0;
const MONTHS: f64 = 1.0;
/// Seconds of CPU a request costs, measured by restoring 400 small entries; two cores share them.
const REQUEST_SECONDS: f64 = 0.45e-3 / 2.0;
const WINDOW: f64 = 32.0;
/// Round trip in seconds, and bytes a second.
const NEAR: (f64, f64) = (0.001, 250e6);
const FAR: (f64, f64) = (0.030, 25e6);

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;
const AVERAGES: [usize; 5] = [64 * KIB, 256 * KIB, MIB, 2 * MIB, 4 * MIB];
const INLINE_LIMITS: [usize; 6] = [128 * KIB, 256 * KIB, 512 * KIB, MIB, 4 * MIB, 8 * MIB];

/// An artifact's chunks: ids, and bytes of their frames.
type Artifact = Vec<(ChunkId, usize)>;

/// What a series came to.
#[derive(Default)]
struct Bill {
    puts: f64,
    heads: f64,
    gets: f64,
    stored: f64,
    restored: f64,
}

impl Bill {
    fn store_dollars(&self) -> f64 {
        self.puts * PUT + self.heads * GET
    }

    fn dollars(&self) -> f64 {
        self.store_dollars() + self.stored * BYTE_MONTH * MONTHS + self.gets * GET * RESTORES
    }

    /// Seconds to store or restore the whole series.
    fn seconds(
        requests: f64,
        bytes: f64,
        builds: f64,
        round_trips: f64,
        (round_trip, rate): (f64, f64),
    ) -> f64 {
        builds * round_trips * round_trip
            + (requests / WINDOW * round_trip).max(bytes / rate)
            + requests * REQUEST_SECONDS
    }
}

/// Charges a series whose artifacts of up to `inline` bytes are one object each, and which asks for chunks before they
/// are sent or doesn't.
fn charge(builds: &[Vec<Artifact>], inline: usize, ask: bool) -> Bill {
    let (mut bill, mut bucket) = (Bill::default(), HashMap::new());
    for artifact in builds.iter().flatten() {
        let bytes: usize = artifact.iter().map(|(_, stored)| stored).sum();
        bill.puts += 1.0;
        bill.gets += 1.0;
        bill.restored += bytes as f64;
        if bytes <= inline {
            bill.stored += bytes as f64;
            continue;
        }
        for (id, stored) in artifact {
            bill.gets += 1.0;
            bill.heads += f64::from(u8::from(ask));
            let new = bucket.insert(*id, ()).is_none();
            bill.puts += f64::from(u8::from(new || !ask));
            bill.stored += if new { *stored as f64 } else { 0.0 };
        }
    }
    bill
}

/// A series, cut into chunks of `average` bytes; `None` is one object an artifact.
fn pack(builds: &[Vec<PathBuf>], average: Option<usize>) -> Result<Vec<Vec<Artifact>>, Box<dyn Error>> {
    let mut compressor = Compressor::new(Compression::Zstd(if average.is_some() { 1 } else { 3 }))?;
    let (mut known, mut buffer, mut frame) = (HashMap::new(), Vec::new(), Vec::new());
    let mut artifact = |source: &Path| -> Result<Artifact, Box<dyn Error>> {
        let mut chunks = Artifact::new();
        let mut add = |plain: &[u8]| {
            let id = ChunkId::of(plain, None);
            let stored = match known.entry(id) {
                Entry::Occupied(stored) => *stored.get(),
                Entry::Vacant(new) => {
                    frame.clear();
                    compressor.frame(plain, &mut frame)?;
                    *new.insert(frame.len())
                }
            };
            chunks.push((id, stored));
            Ok(())
        };
        match average {
            Some(average) => {
                let mut writer = ChunkWriter::with_average(average, &mut buffer, add);
                archive::pack(source, "", &mut writer)?;
                writer.finish()?;
            }
            None => {
                let mut whole = Vec::new();
                archive::pack(source, "", &mut whole)?;
                add(&whole)?;
            }
        }
        Ok(chunks)
    };
    builds
        .iter()
        .map(|build| build.iter().map(|source| artifact(source)).collect())
        .collect()
}

fn directories(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.is_dir());
    paths.sort();
    Ok(paths)
}

fn size(bytes: usize) -> String {
    match bytes {
        0 => "none".into(),
        bytes if bytes < MIB => format!("{} KiB", bytes / KIB),
        bytes => format!("{} MiB", bytes / MIB),
    }
}

fn row(out: &mut impl Write, what: &str, builds: f64, bill: &Bill, peer: f64) -> std::io::Result<()> {
    let trips = if bill.gets > bill.puts.min(bill.gets) {
        2.0
    } else {
        1.0
    };
    let store = |way| Bill::seconds(bill.puts + bill.heads, bill.stored, builds, trips, way);
    let restore = |way| Bill::seconds(bill.gets, bill.restored, builds, trips, way);
    writeln!(
        out,
        "| {what} | {:.0} | {:.0} | {:.0} | {:.1} | {:.3} | {:.3} | {:.3} | {:.3} | **{:.2}** | {:.1} / {:.1} | {:.1} / {:.1} |",
        bill.puts,
        bill.heads,
        bill.gets,
        bill.stored / 1e6,
        1e3 * bill.store_dollars(),
        1e3 * bill.stored * BYTE_MONTH * MONTHS,
        1e3 * bill.gets * GET * RESTORES,
        1e3 * bill.dollars(),
        bill.dollars() / peer,
        store(NEAR),
        store(FAR),
        restore(NEAR),
        restore(FAR),
    )
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    for series in std::env::args_os().skip(1).map(PathBuf::from) {
        let builds = directories(&series)?
            .iter()
            .map(|build| directories(build))
            .collect::<Result<Vec<_>, _>>()?;
        let count = builds.len() as f64;
        writeln!(out, "\n## {}\n", series.display())?;
        writeln!(
            out,
            "| chunks, inline limit | PUT | HEAD | GET | MB kept | m$ store | m$ month | m$ {RESTORES} restores | m$ | over one object | s store, near / far | s restore |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|---|")?;
        let peer = charge(&pack(&builds, None)?, usize::MAX, false);
        row(
            &mut out,
            "one object an artifact, zstd 3",
            count,
            &peer,
            peer.dollars(),
        )?;
        for average in AVERAGES {
            let packed = pack(&builds, Some(average))?;
            for inline in INLINE_LIMITS {
                let bill = charge(&packed, inline, true);
                let what = format!("{}, {}", size(average), size(inline));
                row(&mut out, &what, count, &bill, peer.dollars())?;
            }
            let what = format!("{}, {}, never asks", size(average), size(MIB));
            row(
                &mut out,
                &what,
                count,
                &charge(&packed, MIB, false),
                peer.dollars(),
            )?;
        }
    }
    Ok(())
}
