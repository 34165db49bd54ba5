//! Ages and times as people read and write them: how long ago, and when.

use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Reads an age such as `14d`. A unit is needed: whoever forgets it may mean days or hours, and would lose what they
/// wanted to keep.
pub(in crate::cli) fn parse(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix(['w', 'd', 'h', 'm']).unwrap_or_default();
    let is_integer = number.bytes().all(|byte| byte.is_ascii_digit());
    let age = humantime::parse_duration(text).ok();
    age.filter(|_| is_integer && !number.is_empty()).ok_or_else(|| {
        format!("{text:?} is not an age: write 2w (weeks), 14d (days), 12h (hours) or 30m (minutes)")
    })
}

/// Reads a time: `2026-11-26`, `2026-11-26T08:20:00Z`, or an age.
pub(in crate::cli) fn parse_time(text: &str) -> Result<SystemTime, String> {
    let midnight = format!("{text}T00:00:00Z");
    let time = [text, &midnight]
        .into_iter()
        .find_map(|text| humantime::parse_rfc3339(text).ok());
    let ago = || SystemTime::now().checked_sub(parse(text).ok()?);
    time.or_else(ago).ok_or_else(|| {
        format!("{text:?} is not a time: write 2026-11-26, 2026-11-26T08:20:00Z (UTC) or an age such as 14d or 12h")
    })
}

/// How long something has been there, in its largest unit: `3 d`.
pub(in crate::cli) fn short(age: Duration) -> String {
    let seconds = age.as_secs();
    let (amount, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        3600..86_400 => (seconds / 3600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    format!("{amount} {unit}")
}

/// A duration in its two largest units: `2 h 5 min`.
pub(in crate::cli) fn long(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// How old something of `time` is; nothing if the clocks disagree.
pub(in crate::cli) fn since(time: SystemTime) -> Duration {
    SystemTime::now().duration_since(time).unwrap_or_default()
}

/// The time so many seconds after 1970. What an object says may be anything.
pub(in crate::cli) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds.min(1 << 40)))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A time in UTC as RFC 3339 has it, to the second.
pub(in crate::cli) fn utc(time: SystemTime) -> String {
    let seconds = DateTime::from(time).secs();
    // Only years beyond 9999 have no such form.
    DateTime::from_secs(seconds)
        .fmt(Format::DateTime)
        .unwrap_or_else(|_| format!("{seconds} s after 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_number_and_a_unit() {
        for (text, seconds) in [
            ("0d", 0),
            ("30m", 1800),
            ("12h", 43_200),
            ("14d", 1_209_600),
            ("2w", 1_209_600),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_time_is_a_date_in_utc_or_an_age() {
        let at = |seconds| Ok(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(parse_time("2027-01-15"), at(1_799_971_200));
        assert_eq!(parse_time("2027-01-15T08:00:00Z"), at(1_800_000_000));
        let ago = since(parse_time("2h").unwrap()).as_secs();
        assert!((7200..7260).contains(&ago), "{ago}");
        for text in ["", "15.1.2027", "2027-01-15 08:00", "7200", "tomorrow"] {
            assert!(parse_time(text).unwrap_err().contains("is not a time"), "{text}");
        }
    }

    #[test]
    fn other_text_is_refused_with_the_forms_that_are_ages() {
        for text in [
            "",
            "14",
            "14x",
            "-1d",
            "d",
            "1.5d",
            "14 d",
            "14D",
            "1d2h",
            "99999999999999999999w",
            "9999999999999999999w",
        ] {
            let problem = parse(text).unwrap_err();
            assert!(
                problem.starts_with(&format!("{text:?} is not an age")) && problem.contains("14d (days)"),
                "{problem}"
            );
        }
    }

    #[test]
    fn ages_are_shown_in_their_largest_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (86_399, "23 h"),
            (86_400, "1 d"),
            (40_000_000, "462 d"),
        ] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn durations_are_shown_in_their_two_largest_units() {
        for (seconds, text) in [
            (59, "59 s"),
            (61, "1 min 1 s"),
            (7500, "2 h 5 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(long(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_800_000_000_500);
        assert_eq!(utc(time), "2027-01-15T08:00:00Z");
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 39);
        assert!(!utc(far).is_empty());
    }
}
