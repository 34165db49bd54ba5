//! Names of buckets.

/// Checks a bucket's name or an access point's ARN: strictly by the rules of AWS, leniently with a server of one's own.
pub(super) fn check(name: &str, own_server: bool) -> Result<(), String> {
    if name.contains("://") {
        // An address may carry credentials: it isn't quoted.
        let problem = "this is an address, not a bucket's name. Write the name, or s3://my-bucket/prefix; \
                       the address of a server belongs in endpoint.";
        return Err(problem.into());
    }
    if let Some(arn) = name.strip_prefix("arn:") {
        return check_arn(name, arn, own_server);
    }
    if let Some((bucket, folder)) = name.split_once('/') {
        return Err(format!(
            "{name:?} has a slash. If {folder:?} is a folder in the bucket {bucket:?}, it belongs in cacheKeyPrefix."
        ));
    }
    let rules = if own_server { own_rules } else { aws_rules };
    rules(name).map_err(|rule| format!("{name:?} can't be a bucket's name{rule}."))
}

fn check_arn(name: &str, arn: &str, own_server: bool) -> Result<(), String> {
    if own_server {
        return Err(format!(
            "{name:?} is an ARN, which only AWS knows, but there is an endpoint. Write the bucket's name."
        ));
    }
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    match parts[..] {
        [_, "s3", "", "", bucket] => Err(format!(
            "{name:?} is the ARN of a bucket. Write its name: {bucket:?}."
        )),
        [_, "s3", region, account, point]
            if !region.is_empty()
                && !account.is_empty()
                && point
                    .strip_prefix("accesspoint/")
                    .is_some_and(|name| !name.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(format!(
            "{name:?} is not the ARN of an access point (arn:aws:s3:<region>:<account>:accesspoint/<name>). \
             Write that or the bucket's name."
        )),
    }
}

fn own_rules(name: &str) -> Result<(), &'static str> {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
    match name.len() {
        1..=255 if matches!(name, "." | "..") => Err(""),
        1..=255 if name.chars().all(safe) => Ok(()),
        1..=255 => Err(": it may have letters, digits, dots, hyphens and underscores"),
        _ => Err(": it must have 1 to 255 characters"),
    }
}

fn aws_rules(name: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_address = name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok());
    if !(3..=63).contains(&name.len()) {
        Err(" on AWS: it must have 3 to 63 characters")
    } else if !name.chars().all(|c| plain(c) || matches!(c, '.' | '-')) {
        Err(" on AWS: it may have lowercase letters, digits, dots and hyphens only")
    } else if !name.starts_with(plain) || !name.ends_with(plain) {
        Err(" on AWS: it must begin and end with a lowercase letter or a digit")
    } else if name.contains("..") || is_address {
        Err(" on AWS: it must not have two dots in a row or look like an IP address")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_takes_names_by_its_rules_and_access_points() {
        let longest = "a".repeat(63);
        for name in [
            "my-bucket",
            "a.b",
            "123",
            &longest,
            "cache--use1-az4--x-s3",
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/nx",
            "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/nx",
        ] {
            assert_eq!(check(name, false), Ok(()), "{name}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn aws_refuses_other_names_and_says_which_rule() {
        let too_long = "a".repeat(64);
        for (name, rule) in [
            ("ab", "3 to 63"),
            (&*too_long, "3 to 63"),
            ("My-Bucket", "lowercase"),
            ("my_bucket", "lowercase"),
            ("my bucket", "lowercase"),
            ("-bucket", "begin and end"),
            ("bucket.", "begin and end"),
            ("a..b", "two dots"),
            ("192.168.5.4", "IP address"),
            ("bucket/team", "belongs in cacheKeyPrefix"),
            ("https://b.s3.amazonaws.com", "is an address"),
            ("arn:aws:s3:::my-bucket", "Write its name: \"my-bucket\""),
            ("arn:aws:s3-outposts:eu-west-1:1:outpost/o/accesspoint/a", "not the ARN of an access point"),
            ("arn:aws:s3:eu-west-1:1:accesspoint/", "not the ARN of an access point"),
        ] {
            let problem = check(name, false).unwrap_err();
            assert!(problem.contains(rule), "{problem}");
        }
    }

    #[test]
    fn a_server_of_ones_own_may_have_other_names() {
        for name in ["B", "my_Bucket", "tenant:bucket", "a..b"] {
            assert_eq!(check(name, true), Ok(()), "{name}");
        }
        for name in [
            ".",
            "..",
            "a b",
            "a/b",
            "é",
            "a\nb",
            "arn:aws:s3:::b",
            &"a".repeat(256),
        ] {
            assert!(check(name, true).is_err(), "{name}");
        }
    }

    #[test]
    fn an_address_with_credentials_is_not_quoted() {
        assert!(
            !check("https://u:hunter2@host/b", false)
                .unwrap_err()
                .contains("hunter2")
        );
    }
}
