//! Puts with conditions and with wrong checksums.

use aws_sdk_s3::types::ChecksumAlgorithm;
use futures_util::future::join_all;

use super::server::{Server, status};
use super::{Finding, Findings, Verdict};

const WRITERS: usize = 16;
const ROUNDS: usize = 5;

pub(super) async fn survey(server: &Server) -> Findings {
    Findings::from([
        ("conditionalPut", conditional_put(server).await),
        ("racingWriters", racing_writers(server).await),
        ("wrongChecksum", wrong_checksum(server).await),
    ])
}

async fn create(server: &Server, key: &str, body: String) -> u16 {
    let client = server.raw();
    let put = client.put_object().bucket("tbucket").key(key).if_none_match("*");
    status(&put.body(body.into_bytes().into()).send().await)
}

async fn conditional_put(server: &Server) -> Finding {
    let first = create(server, "survey/condition", "first".into()).await;
    let second = create(server, "survey/condition", "second".into()).await;
    match (first, second) {
        (200, 412) => Finding::new(Verdict::Ok, "412"),
        (200, 200) => Finding::new(Verdict::Differs, "200, replaces"),
        (501, _) => Finding::new(Verdict::Differs, "501"),
        other => Finding::new(Verdict::Failed, format!("answers {other:?}")),
    }
}

/// How many of several writers at once hear that they were the first: in the worst of several rounds.
async fn racing_writers(server: &Server) -> Finding {
    let mut most = 0;
    for round in 0..ROUNDS {
        let key = format!("survey/race-{round}");
        let puts = (0..WRITERS).map(|writer| create(server, &key, format!("{writer}").repeat(20_000)));
        let winners = join_all(puts).await.into_iter().filter(|status| *status == 200);
        most = most.max(winners.count());
    }
    match most {
        0 => Finding::new(Verdict::No, ""),
        1 => Finding::new(Verdict::Ok, "one wins"),
        most => Finding::new(Verdict::Differs, format!("{most} of {WRITERS} win")),
    }
}

async fn wrong_checksum(server: &Server) -> Finding {
    let client = server.raw();
    let put = client
        .put_object()
        .bucket("tbucket")
        .key("survey/checksum")
        .checksum_algorithm(ChecksumAlgorithm::Crc32)
        .checksum_crc32("AAAAAA==")
        .body(b"another checksum".to_vec().into());
    match status(&put.send().await) {
        200 => Finding::new(Verdict::Differs, "accepted"),
        refused @ 400..500 => Finding::new(Verdict::Ok, refused.to_string()),
        other => Finding::new(Verdict::Failed, format!("answers {other}")),
    }
}
