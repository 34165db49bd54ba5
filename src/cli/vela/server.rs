//! The parameter `server`, which is written in more than one way.

/// What `server` says about the bucket's address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    /// `None` is AWS.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub path_style: bool,
}

/// Reads a URL or a host, with or without the bucket's name in front.
pub(super) fn parse(server: &str, bucket: &str) -> Address {
    let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
    let host = host.trim_end_matches('/');
    let without_bucket = host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.'));
    let host = without_bucket.unwrap_or(host);
    if let Some(aws) = host.strip_suffix(".amazonaws.com") {
        let region = aws
            .strip_prefix("s3")
            .map(|rest| rest.trim_start_matches(['.', '-']));
        return Address {
            region: region.filter(|region| !region.is_empty()).map(str::to_owned),
            ..Address::default()
        };
    }
    Address {
        endpoint: Some(format!("{scheme}://{host}")),
        region: None,
        path_style: without_bucket.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_is_known_by_its_hosts_and_tells_the_region() {
        for (server, region) in [
            ("mybucket.s3-us-west-2.amazonaws.com", Some("us-west-2")),
            ("https://s3.eu-central-1.amazonaws.com/", Some("eu-central-1")),
            ("s3.amazonaws.com", None),
        ] {
            let region = region.map(str::to_owned);
            assert_eq!(
                parse(server, "mybucket"),
                Address {
                    region,
                    ..Address::default()
                },
                "{server}"
            );
        }
    }

    #[test]
    fn other_servers_are_endpoints() {
        for (server, endpoint, path_style) in [
            ("http://localhost:9000", "http://localhost:9000", true),
            ("minio.example.com/", "https://minio.example.com", true),
            (
                "https://mybucket.minio.example.com",
                "https://minio.example.com",
                false,
            ),
        ] {
            let address = parse(server, "mybucket");
            assert_eq!(
                (address.endpoint.as_deref(), address.path_style),
                (Some(endpoint), path_style),
                "{server}"
            );
        }
    }
}
