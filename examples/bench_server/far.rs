//! A network that is far away: every byte arrives half a round trip later, both ways, however many they are.
//!
//! Bandwidth is not limited and nothing is lost. A connection costs one more round trip, as TCP's handshake does.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Bytes read at once.
const PIECE: usize = 256 * 1024;

/// The round trip in microseconds, which may change while connections are open.
#[derive(Clone, Default)]
pub struct Distance(Arc<AtomicU64>);

impl Distance {
    /// Sets the round trip.
    pub fn set(&self, round_trip: Duration) {
        self.0.store(round_trip.as_micros() as u64, Ordering::Relaxed);
    }

    fn round_trip(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// Starts a proxy before `target` on a free port.
pub async fn start(target: SocketAddr, distance: Distance) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(connect(client, target, distance.clone()));
        }
    });
    Ok(address)
}

async fn connect(client: TcpStream, target: SocketAddr, distance: Distance) -> io::Result<()> {
    let established = Instant::now() + distance.round_trip();
    let server = TcpStream::connect(target).await?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    carry(from_client, to_server, distance.clone(), established);
    carry(from_server, to_client, distance, established);
    Ok(())
}

/// Carries bytes one way, half a round trip late but not before the connection is `established`.
fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, distance: Distance, established: Instant) {
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Bytes)>();
    tokio::spawn(async move {
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if from.read_buf(&mut piece).await.unwrap_or(0) == 0 {
                break;
            }
            let arrival = Instant::now().max(established) + distance.round_trip() / 2;
            if sender.send((arrival, piece.into())).is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((arrival, piece)) = under_way.recv().await {
            if arrival > Instant::now() {
                sleep_until(arrival).await;
            }
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
    });
}
