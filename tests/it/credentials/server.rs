//! Services that credentials come from.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::support::scripted::{self, Scripted, Seen};

impl Seen {
    /// A value of the body as a form, decoded.
    pub fn form(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(&self.body).into_owned();
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
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

impl Scripted {
    /// The one request it was asked so far.
    pub fn request(&self) -> Seen {
        let requests = self.seen();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests[0].clone()
    }
}

/// Answers every request with the status and body that `answer` gives.
pub fn serve(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Scripted {
    // The metadata service's token has to say how long it lasts.
    let lasting = "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";
    Scripted::answering(move |request| {
        let (status, body) = answer(request);
        scripted::answer(&format!("{status} -"), lasting, &body)
    })
}

/// An STS that gives out `id`.
pub fn sts(id: &'static str) -> Scripted {
    serve(move |request| (200, assumed(&request.form("Action").unwrap(), id, 3600)))
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
