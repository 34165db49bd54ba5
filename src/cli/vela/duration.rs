//! Durations as Go writes them, which is how the plugin's are written, and days besides.

use std::time::Duration;

const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
];

/// Reads `336h`, `1h30m` or `14d`.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let problem = || format!("{text:?} is no duration: write 60m, 8h, 1h30m or 14d");
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let number = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(problem)?;
        let (amount, after) = rest.split_at(number);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(unit);
        let (_, length) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(problem)?;
        let amount: f64 = amount.parse().map_err(|_| problem())?;
        seconds += amount * length;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(seconds).map_err(|_| problem())?;
    if duration.is_zero() {
        return Err(format!("{text:?} must be more than 0"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_go_writes_and_days() {
        for (text, seconds) in [
            ("336h", 1_209_600.0),
            ("60m", 3600.0),
            ("1h30m", 5400.0),
            ("10m0s", 600.0),
            ("1.5h", 5400.0),
            ("14d", 1_209_600.0),
            ("500ms", 0.5),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["", "14", "14x", "-1h", "h", "1h30", "0s", "1..5h"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
