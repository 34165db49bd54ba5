//! Newtypes of texts that are checked once, where they are parsed.

/// Declares a text and its error, which quotes what it got, cut to the text's longest length. The rule is given the text.
macro_rules! checked_text {
    (
        $(#[$meta:meta])* pub struct $name:ident, at most $max:literal bytes: $rule:expr;
        $(#[$error_meta:meta])* pub struct $error:ident;
    ) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        $(#[$meta])*
        pub struct $name(String);

        #[derive(Debug, thiserror::Error)]
        $(#[$error_meta])*
        pub struct $error(String);

        impl $name {
            /// Checks `text`.
            pub fn parse(text: &str) -> Result<Self, $error> {
                let rule: fn(&str) -> bool = $rule;
                if text.len() <= $max && rule(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($error(text.chars().take($max).collect()))
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use checked_text;
