//! Where messages point: pages of the repository, which the package on a user's machine doesn't contain.

/// The address of a page, such as `page!("docs/configuration.md")`. Its base is `repository` in Cargo.toml.
macro_rules! page {
    ($path:literal) => {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/", $path)
    };
}
pub(crate) use page;
