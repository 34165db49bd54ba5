//! How fast the bucket is from here.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::report::{Report, Step};
use crate::code::page;
use crate::object_store::{ObjectStore, PutMode};

/// Requests whose time is taken.
const PROBES: usize = 5;
/// Slower answers make many small tasks wait.
const SLOW_ANSWER: Duration = Duration::from_millis(250);
/// Bytes that are sent and received: the size of a large chunk.
const LOAD: usize = 4 << 20;
/// Fewer bytes a second make most artifacts cheaper to build than to restore.
const SLOW_LINE: f64 = 1e6;

/// Takes the time of requests for `key`, which isn't there.
pub(super) async fn latency(store: &dyn ObjectStore, key: &str, report: &mut Report) {
    let mut times = Vec::new();
    for _ in 0..PROBES {
        let began = Instant::now();
        // Whatever the answer is, it took its time; what is wrong with it was reported before.
        let _ = store.get(key, 0).await;
        times.push(began.elapsed());
    }
    times.sort();
    let median = times[PROBES / 2];
    let detail = format!(
        "{:.0} ms for an answer, the median of {PROBES}",
        median.as_secs_f64() * 1e3
    );
    report.add(if median < SLOW_ANSWER {
        Step::good("latency", detail)
    } else {
        Step::poor("latency", detail).with(
            "Each task takes at least that long to restore. A bucket in a region nearby answers sooner.",
        )
    });
}

/// Sends an object to `key` and gets it back, and leaves it there.
pub(super) async fn throughput(store: &dyn ObjectStore, key: &str, report: &mut Report) {
    const STEP: &str = "throughput";
    let mut load = vec![0; LOAD];
    if let Err(error) = getrandom::fill(&mut load) {
        return report.add(Step::skipped(STEP, format!("not measured: {error}")));
    }
    let load = Bytes::from(load);
    let began = Instant::now();
    let sent = store.put(key, load.clone(), PutMode::Replace).await;
    let sending = began.elapsed();
    let began = Instant::now();
    let received = store.get(key, LOAD as u64).await;
    let receiving = began.elapsed();
    report.add(match (sent, received) {
        (Ok(_), Ok(Some(body))) if body == load => rates(sending, receiving),
        (Err(error), _) | (_, Err(error)) => Step::poor(
            STEP,
            format!("{} MiB did not get through: {error}", LOAD >> 20),
        )
        .with("Small objects do: something limits the size of requests, or their time (`timeouts.attempt`)."),
        _ => Step::bad(STEP, format!("{} MiB came back as something else", LOAD >> 20))
            .with("Something between here and the bucket keeps or changes answers: check proxies."),
    });
}

fn rates(sending: Duration, receiving: Duration) -> Step {
    const STEP: &str = "throughput";
    let rate = |took: Duration| LOAD as f64 / took.as_secs_f64().max(1e-6);
    let (up, down) = (rate(sending), rate(receiving));
    let detail = format!(
        "{:.1} MB/s up, {:.1} MB/s down, on one connection",
        up / 1e6,
        down / 1e6
    );
    if up.min(down) >= SLOW_LINE {
        Step::good(STEP, detail)
    } else {
        Step::poor(STEP, detail).with(concat!(
            "Slow lines: see `maxEntrySize`, `timeouts` and `flushTimeout` in ",
            page!("docs/configuration.md")
        ))
    }
}
