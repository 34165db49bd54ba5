//! A scripted HTTP server: it writes down what it is asked and answers what the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// A request as it came in; header names in lower case.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A value of the body as a form, decoded.
    pub fn form(&self, name: &str) -> Option<String> {
        let pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs
            .into_owned()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// The credential of the signature without its date, such as `AKID/us-east-1/sts/aws4_request`.
    pub fn signed_by(&self) -> Option<String> {
        let credential = self
            .header("authorization")?
            .split_once("Credential=")?
            .1
            .split_once(',')?
            .0;
        let (id, scope) = credential.split_once('/')?;
        Some(format!("{id}/{}", scope.split_once('/')?.1))
    }
}

/// A server on a free port of this machine, until the process ends.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers every request with the status and body that `answer` gives.
    pub fn start(answer: impl Fn(&Request) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let requests = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                let Some(request) = read(&stream) else { continue };
                let (status, body) = answer(&request);
                requests.lock().unwrap().push(request);
                write(stream, status, &body);
            }
        });
        Self { url, seen }
    }

    /// An STS that gives out `id`.
    pub fn sts(id: &'static str) -> Self {
        Self::start(move |request| (200, assumed(&request.form("Action").unwrap(), id, 3600)))
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The one request it was asked so far.
    pub fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests[0].clone()
    }
}

/// STS's answer to `action`, `AssumeRole` or `AssumeRoleWithWebIdentity`.
pub fn assumed(action: &str, id: &str, seconds: u64) -> String {
    format!(
        r#"<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
        <AssumedRoleUser><AssumedRoleId>ARO:s</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></AssumedRoleUser>
        <Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>sts-secret</SecretAccessKey>
        <SessionToken>sts-token</SessionToken><Expiration>{}</Expiration></Credentials>
        </{action}Result></{action}Response>"#,
        timestamp(seconds)
    )
}

/// STS's refusal.
pub fn denied(code: &str, message: &str) -> (u16, String) {
    let body = format!(
        r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
        <Code>{code}</Code><Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"#
    );
    (403, body)
}

/// The time `seconds` from now, as AWS writes it.
pub fn timestamp(seconds: u64) -> String {
    let now = DateTime::from(std::time::SystemTime::now()).secs();
    DateTime::from_secs(now + seconds as i64)
        .fmt(Format::DateTime)
        .unwrap()
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream);
    let mut first = String::new();
    lines.read_line(&mut first).ok()?;
    let mut words = first.split_whitespace().map(ToOwned::to_owned);
    let mut request = Request {
        method: words.next()?,
        target: words.next()?,
        headers: Vec::new(),
        body: String::new(),
    };
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        request
            .headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = request
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

fn write(mut stream: TcpStream, status: u16, body: &str) {
    // The metadata service's token has to say how long it lasts.
    let head = "connection: close\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600";
    let length = body.len();
    // A client that has gone away is the test's business, not the server's.
    let _ = write!(
        stream,
        "HTTP/1.1 {status} -\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
}
