//! The certificate authorities that https trusts: the system's, and those the user adds.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Error;
use crate::config::environment;

/// Files with more authorities, as Node.js and the AWS tools know them. One that can't be read is passed over,
/// as Node.js does.
const VARIABLES: [&str; 2] = [ANY_SERVER, "AWS_CA_BUNDLE"];
/// The one whose authorities are for every server, such as that of a proxy that opens TLS.
const ANY_SERVER: &str = "NODE_EXTRA_CA_CERTS";

/// The certificate authorities to trust.
pub(super) struct Trust {
    bundle: Vec<CertificateDer<'static>>,
    extra: Vec<PathBuf>,
    pem: OnceLock<String>,
}

impl Trust {
    /// Reads and checks the option `caBundle`; everything else is read when it is first needed.
    pub(super) fn new(ca_bundle: Option<&Path>) -> Result<Self, Error> {
        let bundle = ca_bundle.map_or(Ok(Vec::new()), configured)?;
        Ok(Self::of(
            bundle,
            VARIABLES.into_iter().filter_map(environment::process),
        ))
    }

    /// For servers other than the bucket's: those for the bucket don't vouch for them.
    pub(super) fn beyond_bucket() -> Self {
        Self::of(Vec::new(), environment::process(ANY_SERVER).into_iter())
    }

    fn of(bundle: Vec<CertificateDer<'static>>, extra: impl Iterator<Item = String>) -> Self {
        Self {
            bundle,
            extra: extra.map(PathBuf::from).collect(),
            pem: OnceLock::new(),
        }
    }

    /// All of them as PEM; empty where there is none, and then https can't work.
    ///
    /// Blocks the first time: reading the system's store takes tens of milliseconds, on macOS hundreds.
    pub(super) fn pem(&self) -> &str {
        self.pem.get_or_init(|| {
            let system = rustls_native_certs::load_native_certs().certs;
            let extra = self
                .extra
                .iter()
                .flat_map(|path| certificates(path).unwrap_or_default());
            let all = system.into_iter().chain(self.bundle.iter().cloned()).chain(extra);
            all.filter(is_usable)
                .map(|certificate| armored(&certificate))
                .collect()
        })
    }

    /// The same, where it has been asked for before.
    pub(super) fn loaded(&self) -> Option<&str> {
        self.pem.get().map(String::as_str)
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

/// The certificates of the option `caBundle`: the user named this file, so that anything odd is an error.
fn configured(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let problem = match certificates(path) {
        Err(problem) => problem,
        Ok(found) if found.is_empty() => "it holds no certificate".to_owned(),
        Ok(found) if !found.iter().all(is_usable) => {
            "one of its certificates is not an X.509 authority".to_owned()
        }
        Ok(found) => return Ok(found),
    };
    let path = path.display();
    Err(Error::Misconfigured {
        detail: format!("caBundle {path}: {problem}; name a file with certificates in PEM form"),
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>();
    found.map_err(|error| format!("it is not PEM ({error})"))
}

/// Whether rustls takes it. The HTTP client panics over one that it doesn't take.
fn is_usable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

fn armored(certificate: &CertificateDer<'static>) -> String {
    let text = STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
