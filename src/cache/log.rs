//! `NX_S3_CACHE_LOG`: a line for each request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::summary::bytes;
use super::warnings::Warning;
use crate::code::Code;
use crate::config::environment::Environment;
use crate::object_store::watch::{About, Exchange, Watcher};

/// The variable that asks for a log.
const VARIABLE: &str = "NX_S3_CACHE_LOG";

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Detail {
    /// Each request for an object.
    Debug,
    /// Those for credentials, too, and what the headers tell of who answered.
    Trace,
}

/// Lines about requests, until somebody takes them: who prints them knows when the terminal is free.
pub struct Log {
    detail: Detail,
    began: Instant,
    lines: Mutex<Vec<String>>,
}

impl Log {
    /// The log that the environment asks for; a warning when it asks for one that there isn't.
    pub fn wanted(environment: &Environment) -> Result<Option<Arc<Self>>, Warning> {
        let detail = match environment.get(VARIABLE) {
            None => return Ok(None),
            Some("debug") => Detail::Debug,
            Some("trace") => Detail::Trace,
            Some(other) => return Err(unknown(other)),
        };
        Ok(Some(Arc::new(Self {
            detail,
            began: Instant::now(),
            lines: Mutex::default(),
        })))
    }

    /// What has to look on at the requests.
    pub fn watcher(self: &Arc<Self>) -> Watcher {
        let log = Arc::clone(self);
        Arc::new(move |exchange| {
            if exchange.about == About::Bucket || log.detail == Detail::Trace {
                let line = line(log.detail, log.began.elapsed(), exchange);
                log.lines.lock().push(line);
            }
        })
    }

    /// The lines since the last call.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock())
    }
}

fn unknown(value: &str) -> Warning {
    Warning {
        code: Code::LogLevel,
        title: format!("{VARIABLE} has the invalid value {value:?}; expected `debug` or `trace`"),
        body: vec![
            "Nothing is logged; the build goes on.".into(),
            "`debug` logs a line for each request, `trace` also those for credentials, and headers of answers.".into(),
        ],
    }
}

/// `1.204 s  GET http://host/key: 200 in 12 ms, 1.2 kB received`
fn line(detail: Detail, since: Duration, exchange: &Exchange) -> String {
    let Exchange {
        method, url, took, ..
    } = exchange;
    let mut line = format!("{:.3} s  {method} {url}: ", since.as_secs_f64());
    let took = took.as_millis();
    match &exchange.answer {
        Ok(answer) => line += &format!("{} in {took} ms", answer.status),
        Err(why) => line += &format!("no answer in {took} ms ({why})"),
    }
    if exchange.sent > 0 {
        line += &format!(", {} sent", bytes(exchange.sent));
    }
    if let Ok(answer) = &exchange.answer
        && answer.received > 0
    {
        line += &format!(", {} received", bytes(answer.received));
    }
    if exchange.attempt > 1 {
        line += &format!(", attempt {}", exchange.attempt);
    }
    if let (Detail::Trace, Ok(answer)) = (detail, &exchange.answer) {
        for (name, value) in &answer.headers {
            line += &format!("\n    {name}: {value}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::object_store::watch::Answer;

    fn exchange(about: About, answer: Result<Answer, String>) -> Exchange {
        Exchange {
            about,
            method: "PUT".into(),
            url: "http://host/b/v1/t/e/1".into(),
            attempt: 2,
            sent: 1500,
            took: Duration::from_millis(12),
            ended: SystemTime::UNIX_EPOCH,
            answer,
        }
    }

    fn answered() -> Result<Answer, String> {
        Ok(Answer {
            status: 200,
            received: 20,
            headers: vec![("server".into(), "MinIO".into())],
        })
    }

    fn logged(value: &str, exchange: &Exchange) -> Vec<String> {
        let log = Log::wanted(&Environment::from([(VARIABLE, value)]))
            .unwrap()
            .unwrap();
        (log.watcher())(exchange);
        log.take()
    }

    #[test]
    fn a_line_tells_request_answer_time_bytes_and_attempt() {
        let lines = logged("debug", &exchange(About::Bucket, answered()));
        let expected = "s  PUT http://host/b/v1/t/e/1: 200 in 12 ms, 1.5 kB sent, 20 B received, attempt 2";
        assert!(lines.len() == 1 && lines[0].ends_with(expected), "{lines:?}");
        let lines = logged("debug", &exchange(About::Bucket, Err("refused".into())));
        assert!(
            lines[0].contains(": no answer in 12 ms (refused), 1.5 kB sent"),
            "{lines:?}"
        );
    }

    #[test]
    fn trace_adds_who_answered_and_the_requests_for_credentials() {
        assert!(logged("debug", &exchange(About::Credentials, answered())).is_empty());
        let lines = logged("trace", &exchange(About::Credentials, answered()));
        assert!(lines[0].ends_with("\n    server: MinIO"), "{lines:?}");
    }

    #[test]
    fn an_invalid_value_is_reported_with_the_valid_ones() {
        assert!(Log::wanted(&Environment::default()).unwrap().is_none());
        let warning = Log::wanted(&Environment::from([(VARIABLE, "loud")]))
            .err()
            .unwrap();
        assert!(warning.title.contains("\"loud\"") && warning.body[1].contains("debug"));
    }
}
