//! Ages and sizes as people write them on the command line.

use std::time::Duration;

use crate::config::units;

/// Units of age and their seconds.
const AGE: [(&str, u64); 4] = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60)];

/// Reads an age such as `14d`. A unit is needed: whoever forgets it may mean days or hours, and would lose what they
/// wanted to keep.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let problem =
        || format!("{text:?} is not an age: write 2w (weeks), 14d (days), 12h (hours) or 30m (minutes)");
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, seconds) = AGE.iter().find(|(name, _)| *name == unit).ok_or_else(problem)?;
    let number: u64 = number.parse().map_err(|_| problem())?;
    number
        .checked_mul(*seconds)
        .map(Duration::from_secs)
        .ok_or_else(problem)
}

/// Reads a size in bytes such as `50GB` or `500MiB`. A unit is needed.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    units::size(text)
        .filter(|_| has_unit)
        .ok_or_else(|| format!("{text:?} is not a size: write 500MB, 50GB or 1.5TB (or MiB, GiB, TiB)"))
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
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_age_is_refused_with_the_forms_that_are() {
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
            let problem = age(text).unwrap_err();
            assert!(
                problem.starts_with(&format!("{text:?} is not an age")) && problem.contains("14d (days)"),
                "{problem}"
            );
        }
    }

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        assert_eq!(size("50GB"), Ok(50_000_000_000));
        assert_eq!(size("1.5GiB"), Ok(3 << 29));
        assert_eq!(size("0B"), Ok(0));
        for text in ["", "50", "-1GB", "GB", "50 gigs"] {
            let problem = size(text).unwrap_err();
            assert!(problem.contains("50GB"), "{problem}");
        }
    }
}
