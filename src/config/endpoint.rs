//! Addresses of S3-compatible servers.

use url::Url;

/// Checks an endpoint and returns it without a slash at its end.
pub(super) fn check(text: &str) -> Result<String, String> {
    if text.contains('@') {
        return Err("an endpoint holds no credentials: put them into the environment.".into());
    }
    if !text.contains("://") {
        let text = text.trim_start_matches('/');
        return Err(format!(
            "{text:?} has no scheme. Write \"https://{text}\", or \"http://{text}\" without TLS."
        ));
    }
    let url = Url::parse(text).map_err(|error| format!("{text:?} is not an address: {error}."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "{text:?} has the scheme {:?}; it must be http or https.",
            url.scheme()
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "{text:?} has a ? or #. Write only scheme, host and port."
        ));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_with_http_or_https() {
        for (given, endpoint) in [
            ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("https://s3.example.com/", "https://s3.example.com"),
            ("https://[::1]:9000/s3", "https://[::1]:9000/s3"),
        ] {
            assert_eq!(check(given).unwrap(), endpoint);
        }
    }

    #[test]
    fn offers_both_schemes_when_there_is_none() {
        assert_eq!(
            check("minio.local:9000").unwrap_err(),
            r#""minio.local:9000" has no scheme. Write "https://minio.local:9000", or "http://minio.local:9000" without TLS."#
        );
        assert!(check("localhost").unwrap_err().contains(r#""http://localhost""#));
    }

    #[test]
    fn refuses_other_addresses_and_quotes_them() {
        for (text, told) in [
            ("ftp://host", "it must be http or https"),
            ("s3://bucket", "it must be http or https"),
            ("https://", "is not an address"),
            ("https://host:99999", "is not an address"),
            ("https://host?a=b", "has a ? or #"),
            ("https://host/#a", "has a ? or #"),
        ] {
            let problem = check(text).unwrap_err();
            assert!(problem.contains(told) && problem.contains(text), "{problem}");
        }
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_quoted() {
        let problem = check("https://user:hunter2@host").unwrap_err();
        assert!(problem.contains("credentials") && !problem.contains("hunter2"));
    }
}
