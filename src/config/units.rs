//! Durations and sizes as people write them: `30s`, `500ms`, `2GB`, `500MiB`.

use std::time::Duration;

/// Units of time and their length in milliseconds, longest first.
const TIME: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Units of size and their bytes, largest first; those with an `i` count in powers of 1024.
const SIZE: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("KB", 1000),
    ("B", 1),
];

/// What [`duration`] reads, as a regular expression for the schema.
#[cfg(test)]
pub(super) const DURATION_PATTERN: &str = "^ *[0-9]+(\\.[0-9]+)? *(ms|s|m|h|d)? *$";
/// What [`size`] reads, as a regular expression for the schema.
#[cfg(test)]
pub(super) const SIZE_PATTERN: &str = "^ *[0-9]+(\\.[0-9]+)? *(([KMGTkmgt][Ii]?)?[Bb])? *$";

/// Reads a duration, to the millisecond: a number and a unit; without a unit it is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let unit = if unit.is_empty() { "s" } else { unit };
    let (_, milliseconds) = TIME.iter().find(|(name, _)| *name == unit)?;
    let exact = Duration::try_from_secs_f64(number * *milliseconds as f64 / 1000.0).ok()?;
    Some(Duration::from_millis(u64::try_from(exact.as_millis()).ok()?))
}

/// Reads a size in bytes: a number and a unit in any case; without a unit it is bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = if unit.is_empty() { "B" } else { unit };
    let (_, bytes) = SIZE.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    let total = number * *bytes as f64;
    (total.fract() == 0.0 && total < u64::MAX as f64).then_some(total as u64)
}

/// Splits `1.5 GB` into number and unit. Signs, exponents, `inf` and `nan` are not numbers here.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let written_out = number.starts_with(|c: char| c.is_ascii_digit()) && !number.ends_with('.');
    Some((number.parse().ok().filter(|_| written_out)?, unit.trim_start()))
}

/// Writes a duration the way [`duration`] reads it, in the largest unit that needs no fraction.
pub(super) fn show_duration(duration: Duration) -> String {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    show(milliseconds, &TIME, "s")
}

/// Writes a size the way [`size`] reads it, in the largest unit that needs no fraction.
pub(crate) fn show_size(bytes: u64) -> String {
    show(bytes, &SIZE, "B")
}

fn show(amount: u64, units: &[(&str, u64)], zero: &str) -> String {
    let fits = |length: u64| amount >= length && amount.is_multiple_of(length);
    match units.iter().find(|(_, length)| fits(*length)) {
        Some((name, length)) => format!("{}{name}", amount / length),
        None => format!("0{zero}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations_in_every_unit_and_seconds_without_one() {
        for (text, milliseconds) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("30", 30_000),
            ("0.5", 500),
            ("2m", 120_000),
            ("1.5h", 5_400_000),
            ("7d", 604_800_000),
            (" 2 m ", 120_000),
            ("0", 0),
        ] {
            assert_eq!(
                duration(text),
                Some(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_sizes_in_powers_of_1000_and_of_1024() {
        for (text, bytes) in [
            ("12", 12),
            ("2GB", 2_000_000_000),
            ("2 gb", 2_000_000_000),
            ("500MiB", 524_288_000),
            ("1.5kb", 1500),
            ("1TiB", 1 << 40),
            ("0B", 0),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_neither() {
        for text in [
            "", "s", "-1s", "+1", "1e3", "inf", "NaN", ".5s", "5.s", "1.2.3", "5 days", "1 s s", "é",
        ] {
            assert_eq!(duration(text), None, "{text}");
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(size("0.5B"), None);
        assert_eq!(size("99999999999TB"), None);
        assert_eq!(duration(&format!("{}h", "9".repeat(400))), None);
    }

    #[test]
    fn writes_what_it_can_read_again() {
        for (milliseconds, text) in [
            (0, "0s"),
            (500, "500ms"),
            (1500, "1500ms"),
            (60_000, "1m"),
            (90_000, "90s"),
        ] {
            let value = Duration::from_millis(milliseconds);
            assert_eq!(show_duration(value), text);
            assert_eq!(duration(text), Some(value));
        }
        for (bytes, text) in [
            (0, "0B"),
            (1001, "1001B"),
            (5_000_000_000, "5GB"),
            (1 << 30, "1GiB"),
        ] {
            assert_eq!(show_size(bytes), text);
            assert_eq!(size(text), Some(bytes));
        }
    }
}
