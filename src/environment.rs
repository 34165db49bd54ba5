//! The environment's variables. Nothing else reads those of this process.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What every variable that sets an option begins with.
pub const PREFIX: &str = "NX_S3_CACHE_";

/// Names the variables that a run of Nx removed from the environment of its tasks.
pub const REMOVED: &str = "NX_S3_CACHE_KEYS_REMOVED";

/// What these hold where they can't be unset.
const NOTHING: &str = "removed";

/// Environment variables at one moment, so that tests never touch those of their process. On Windows, where case doesn't
/// matter in their names, all are in capitals.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Bytes that aren't UTF-8 become `U+FFFD`, which no option accepts.
    pub fn of_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let all = std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
        all.collect::<Self>().without_removed()
    }

    /// The same without variables that say that they were removed.
    fn without_removed(mut self) -> Self {
        let removed = self.get(REMOVED).unwrap_or_default().to_owned();
        for name in removed.split(',') {
            if self.get(name) == Some(NOTHING) {
                self.0.remove(&*canonical(name));
            }
        }
        self
    }

    /// The value of `name`. Empty counts as not set: CI systems pass a secret that a run may not see as "".
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(&*canonical(name))
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Where the user keeps our files that can be had again.
    pub fn user_cache(&self) -> Option<PathBuf> {
        let folder = |name: &str| {
            self.get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let caches = match std::env::consts::OS {
            "windows" => folder("LOCALAPPDATA"),
            "macos" => folder("HOME").map(|home| home.join("Library/Caches")),
            _ => folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))),
        };
        Some(caches?.join("nx-s3-cache"))
    }

    /// Sets `name`, as far as we look at it here.
    pub fn set(&mut self, name: String, value: String) {
        self.0.insert(canonical(&name).into_owned(), value);
    }

    /// Whether `name` is there without a value.
    pub fn is_empty(&self, name: &str) -> bool {
        self.0.get(&*canonical(name)).is_some_and(String::is_empty)
    }

    /// The names of all variables that begin with [`PREFIX`], empty ones too.
    pub fn prefixed(&self) -> impl Iterator<Item = &str> {
        self.0
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with(PREFIX))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        variables.into_iter().collect()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Environment {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(variables: I) -> Self {
        let owned = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        owned.collect()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let named = variables
            .into_iter()
            .map(|(name, value)| (canonical(&name).into_owned(), value));
        Self(named.collect())
    }
}

/// A variable's name as it is kept.
fn canonical(name: &str) -> Cow<'_, str> {
    match cfg!(windows) {
        true => name.to_uppercase().into(),
        false => name.into(),
    }
}

/// The value of one variable of this process; empty counts as not set.
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment = Environment::from([("NX_S3_CACHE_BUCKET", ""), ("NX_S3_CACHE_REGION", "eu")]);
        assert_eq!(environment.get("NX_S3_CACHE_BUCKET"), None);
        assert!(environment.is_empty("NX_S3_CACHE_BUCKET"));
        assert_eq!(environment.get("NX_S3_CACHE_REGION"), Some("eu"));
        assert!(!environment.is_empty("NX_S3_CACHE_REGION") && !environment.is_empty("OTHER"));
    }

    #[test]
    fn lists_only_variables_with_the_prefix() {
        let environment = Environment::from([("NX_S3_CACHE_BUCKET", ""), ("PATH", "/bin"), ("NX_S3", "x")]);
        assert_eq!(environment.prefixed().collect::<Vec<_>>(), ["NX_S3_CACHE_BUCKET"]);
    }

    #[test]
    fn a_variable_that_says_that_it_was_removed_is_not_there() {
        let key = "NX_S3_CACHE_ENCRYPTION_KEY";
        for (removed, left) in [
            (key, None),
            ("", Some(NOTHING)),
            ("NX_S3_CACHE_SIGNING_KEY", Some(NOTHING)),
        ] {
            let environment = Environment::from([(REMOVED, removed), (key, NOTHING)]).without_removed();
            assert_eq!(environment.get(key), left);
        }
        let kept = Environment::from([(REMOVED, key), (key, "set again")]).without_removed();
        assert_eq!(kept.get(key), Some("set again"));
    }

    #[test]
    fn case_matters_in_names_but_on_windows() {
        let mut environment = Environment::from([("Nx_S3_Cache_Bucket", "one"), ("LocalAppData", "")]);
        environment.set("nx_s3_cache_region".into(), "eu".into());
        let found = ["NX_S3_CACHE_BUCKET", "nx_s3_cache_bucket", "NX_S3_CACHE_REGION"];
        let expected = if cfg!(windows) {
            [Some("one"), Some("one"), Some("eu")]
        } else {
            [None; 3]
        };
        assert_eq!(found.map(|name| environment.get(name)), expected);
        assert_eq!(environment.is_empty("LOCALAPPDATA"), cfg!(windows));
        assert_eq!(environment.prefixed().count(), if cfg!(windows) { 2 } else { 0 });
    }

    #[test]
    fn reads_the_process() {
        let path = process("PATH").unwrap();
        assert_eq!(Environment::of_process().get("PATH"), Some(path.as_str()));
    }
}
