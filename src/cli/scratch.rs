//! Names of scratch objects, which nothing else has.

use std::io;

/// What the names of all scratch objects begin with. No task hash of Nx does.
const MARK: &str = "doctor-";

/// A new name, fit for an object key and as a task hash.
pub(super) fn name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(MARK.to_owned() + &hex::encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_hash::TaskHash;

    #[test]
    fn names_are_new_each_time_and_fit_as_task_hashes() {
        let (one, other) = (name().unwrap(), name().unwrap());
        assert_ne!(one, other);
        assert!(TaskHash::parse(&one).is_ok() && one.starts_with(MARK));
    }
}
