//! Where an entry comes from: commit, branch, workflow and run.

use serde::{Deserialize, Serialize};

/// The run that made an entry, as far as it is known: from a token, whose issuer vouches for it, or from the variables of a
/// CI system, which whoever signed the entry claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The full name of the branch or the tag.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// What caused the run, such as `push`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The workflow or the pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The run's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The run's page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// Who started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl Provenance {
    /// `.github/workflows/ci.yml` of `owner/repository/.github/workflows/ci.yml@refs/heads/main`; other names as they are.
    pub fn workflow_path(full: &str) -> &str {
        let path = full.split_once('@').map(|(path, _)| path);
        path.and_then(|path| path.splitn(3, '/').nth(2)).unwrap_or(full)
    }

    /// The name of the branch or the tag, without what all have in common.
    pub fn ref_name(&self) -> Option<&str> {
        let full = self.git_ref.as_deref()?;
        let name = full
            .strip_prefix("refs/heads/")
            .or_else(|| full.strip_prefix("refs/tags/"));
        Some(name.unwrap_or(full))
    }
}
