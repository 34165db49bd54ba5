//! Credentials that expire in mid-run.

use super::machine::Machine;
use super::server::{assumed, serve, timestamp};

/// A `credential_process` that counts: `KEY1`, `KEY2`, … each good for `seconds` from now; it fails from its
/// call number `fails_from` on.
fn counting(machine: Machine, seconds: u64, fails_from: u32) -> Machine {
    let home = machine.home();
    let script = format!(
        "cd {}; echo x >> calls; n=$(wc -l < calls); n=$((n)); [ $n -lt {fails_from} ] || exit 1\n\
         echo '{{\"Version\": 1, \"AccessKeyId\": \"KEY'$n'\", \"SecretAccessKey\": \"s\", \
         \"SessionToken\": \"t\", \"Expiration\": \"{}\"}}'\n",
        home.display(),
        timestamp(seconds)
    );
    let path = home.join("script.sh");
    machine.file("script.sh", &script).config(&format!(
        "[default]\ncredential_process = sh {}\n",
        path.display()
    ))
}

/// Who signed each of the requests that a client makes at these times, in seconds from now.
fn signers(machine: Machine, clocks: &[u64]) -> Vec<String> {
    let s3 = serve(|_| (200, "object".into()));
    let task = (s3.endpoint(), clocks.to_vec());
    let report = machine.options(|task_| task_.s3 = Some(task)).resolve();
    assert_eq!(report.error, None);
    let signer = |credential: String| credential.split('/').next().unwrap().to_owned();
    s3.seen()
        .iter()
        .map(|request| signer(request.signed_by().unwrap()))
        .collect()
}

#[test]
fn the_first_request_uses_what_was_found_and_later_ones_ask_nobody() {
    let machine = counting(Machine::new(), 3600, 2);
    assert_eq!(signers(machine, &[0, 1, 1800]), ["KEY1", "KEY1", "KEY1"]);
}

#[test]
fn expiring_credentials_are_renewed_in_mid_run() {
    // KEY1 is about to expire when the first request comes, so that KEY2 signs it, until that expires too.
    let machine = counting(Machine::new(), 55, 9);
    assert_eq!(signers(machine, &[0, 1, 60]), ["KEY2", "KEY2", "KEY3"]);
}

#[test]
fn a_failed_renewal_is_no_failure_while_the_old_credentials_last() {
    let machine = counting(Machine::new(), 55, 2);
    assert_eq!(signers(machine, &[0, 1]), ["KEY1", "KEY1"]);
}

#[test]
fn an_assumed_role_is_renewed_with_credentials_that_are_renewed() {
    let sts = serve(|request| {
        let base = request
            .signed_by()
            .unwrap()
            .replace("/eu-west-1/sts/aws4_request", "");
        (200, assumed("AssumeRole", &format!("ROLE-OF-{base}"), 55))
    });
    let machine = counting(Machine::new(), 55, 9)
        .variable("AWS_ENDPOINT_URL_STS", sts.endpoint())
        .options(|task| task.assume_role = Some(("arn:aws:iam::1:role/r".into(), None)));
    assert_eq!(signers(machine, &[0, 60]), ["ROLE-OF-KEY3", "ROLE-OF-KEY4"]);
}
