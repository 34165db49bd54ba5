//! The metadata service of an EC2 instance (IMDSv2).
//!
//! Elsewhere nothing answers at its address, and asking costs seconds: packets to a link-local address are dropped rather
//! than refused. So it is asked only on machines that are known to be EC2 instances: by what the firmware reports to Linux
//! (which needs no privileges, and works in containers too), or because `AWS_EC2_METADATA_SERVICE_ENDPOINT` names the
//! service. Windows and macOS instances need the variable.

use std::path::Path;
use std::time::Duration;

use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::provider_config::ProviderConfig;

use super::source::{Context, Source, Unavailable, variable};

const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/// The service is on the same host and answers in milliseconds.
const TIMEOUT: Duration = Duration::from_secs(1);
/// For its region, retries included.
const REGION_LIMIT: Duration = Duration::from_secs(3);

/// Where Linux describes the machine.
const SYS: &str = "/sys";

/// Files whose text identifies an EC2 instance, with the beginning of the text: Nitro first, then Xen. `board_asset_tag`
/// holds the instance's id.
const FACTS: [(&str, &str); 4] = [
    ("class/dmi/id/sys_vendor", "amazon ec2"),
    ("class/dmi/id/bios_vendor", "amazon ec2"),
    ("class/dmi/id/board_asset_tag", "i-"),
    ("hypervisor/uuid", "ec2"),
];

pub(super) fn source(context: &Context<'_>) -> Result<Source, Unavailable> {
    reachable(Path::new(SYS)).map_err(Unavailable::NotConfigured)?;
    let provider = ImdsCredentialsProvider::builder()
        .configure(&context.sdk)
        .imds_client(client(&context.sdk))
        .build();
    let remedy = "Attach a role to the instance, or allow IMDSv2.";
    Ok(Source {
        implied: true,
        ..Source::new("EC2 metadata", provider, remedy)
    })
}

/// The instance's region, or why it isn't known.
pub(super) async fn region(context: &Context<'_>) -> Result<String, String> {
    reachable(Path::new(SYS))?;
    let provider = ImdsRegionProvider::builder()
        .configure(&context.sdk)
        .imds_client(client(&context.sdk))
        .build();
    let region = tokio::time::timeout(REGION_LIMIT, provider.region()).await;
    let region = region.ok().flatten().map(|region| region.to_string());
    region.ok_or_else(|| "the metadata service did not answer".to_owned())
}

fn client(sdk: &ProviderConfig) -> imds::Client {
    imds::Client::builder()
        .configure(sdk)
        .connect_timeout(TIMEOUT)
        .read_timeout(TIMEOUT)
        .operation_attempt_timeout(TIMEOUT)
        .max_attempts(2)
        .build()
}

/// Whether to ask the metadata service; `sys` is `/sys`.
fn reachable(sys: &Path) -> Result<(), String> {
    if variable(DISABLED).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err(format!("{DISABLED} switches it off"));
    }
    if variable(ENDPOINT).is_some() || is_instance(sys) {
        return Ok(());
    }
    Err(format!(
        "this machine is no EC2 instance as far as can be seen; if it is one, set {ENDPOINT}"
    ))
}

fn is_instance(sys: &Path) -> bool {
    FACTS.iter().any(|(file, beginning)| {
        std::fs::read_to_string(sys.join(file))
            .is_ok_and(|text| text.to_ascii_lowercase().starts_with(beginning))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(file: &str, text: &str) -> bool {
        let sys = tempfile::tempdir().unwrap();
        let path = sys.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        is_instance(sys.path())
    }

    #[test]
    fn knows_an_instance_by_its_firmware() {
        assert!(machine("class/dmi/id/sys_vendor", "Amazon EC2\n"));
        assert!(machine("class/dmi/id/board_asset_tag", "i-0123456789abcdef0\n"));
        assert!(machine(
            "hypervisor/uuid",
            "ec2e1916-9099-7caf-fd21-012345abcdef\n"
        ));
    }

    #[test]
    fn takes_no_other_machine_for_an_instance() {
        assert!(!machine("class/dmi/id/sys_vendor", "LENOVO\n"));
        assert!(!machine("class/dmi/id/board_asset_tag", "Not Available\n"));
        assert!(!machine(
            "hypervisor/uuid",
            "00000000-0000-0000-0000-000000000000\n"
        ));
        assert!(!is_instance(Path::new("/no/such/directory")));
    }
}
