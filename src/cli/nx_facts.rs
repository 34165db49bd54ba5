//! What only JavaScript knows of Nx, for `doctor`.

use serde::Serialize;

/// What only JavaScript can find out; `ts/nx-facts.ts` does.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NxFacts {
    /// The version of Node.js.
    pub node: String,
    /// Nx's version; absent where there is no Nx.
    pub nx: Option<String>,
    /// The version of the package whose command this is.
    pub package_version: String,
    /// The file of the native module.
    pub binary: Option<String>,
    /// What Nx finds under the names it looks for, in its order.
    pub candidates: Vec<NxCandidate>,
    /// Whether Nx asks Nx Cloud instead, by its own account.
    pub cloud_used: bool,
    /// What would make it: `nxCloudId in nx.json`.
    pub cloud_named_by: Vec<String>,
    /// The way into Nx.
    pub route: Option<NxRoute>,
}

/// A way into Nx; `ts/route.ts` has both.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NxRoute {
    /// Whether Nx's own client is served; else Nx imports the cache.
    pub served: bool,
    /// Why this one.
    pub why: String,
    /// Whether nx.json lists the plugin, which being served takes.
    pub listed: bool,
}

/// A name that Nx looks for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NxCandidate {
    /// The name.
    pub asked: String,
    /// What is installed under it; absent where nothing is.
    pub found: Option<NxPackage>,
}

/// An installed package.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NxPackage {
    /// The name in its package.json, which an alias doesn't change.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is.
    pub directory: String,
    /// Why importing it fails, where it does: Nx goes on without a cache, and without a word.
    pub problem: Option<String>,
}
