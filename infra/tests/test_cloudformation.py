"""The CloudFormation template makes the documents of infra/policies, and nothing cfn-lint objects to."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloudformation import TEMPLATE, Stack, template
from documents import Setup, document, roles
from setups import SETUPS


MADE_PROVIDER = "arn:aws:iam::123456789012:oidc-provider/made"


def stack(setup):
    return Stack(
        {
            "BucketName": setup.bucket,
            "KeyPrefix": setup.folder,
            "GitHubRepository": setup.repository,
            "TrustedContext": setup.trusted_context,
            "OidcProviderArn": setup.oidc_provider,
            "TrustedWriterArns": ",".join(setup.other_writers),
            "WriteOnce": str(setup.write_once).lower(),
        },
        {"Bucket": setup.bucket, "TrustedRole.Arn": setup.trusted_role, "OidcProvider": MADE_PROVIDER},
    )


def test_cfn_lint_has_nothing_to_say():
    lint = Path(sys.executable).with_name("cfn-lint")
    found = subprocess.run([lint, TEMPLATE], capture_output=True, text=True)
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS.keys())
def test_its_policies_are_those_that_were_tested(setup):
    made = stack(setup)
    trusted, untrusted = made.properties("TrustedRole"), made.properties("UntrustedRole")
    assert {
        "role-trusted": trusted["Policies"][0]["PolicyDocument"],
        "role-untrusted": untrusted["Policies"][0]["PolicyDocument"],
        "role-developer": made.properties("DeveloperPolicy")["PolicyDocument"],
        "trust-trusted": trusted["AssumeRolePolicyDocument"],
        "trust-untrusted": untrusted["AssumeRolePolicyDocument"],
        "bucket": made.properties("BucketPolicy")["PolicyDocument"],
    } == roles(setup)


def test_each_role_has_one_policy_only():
    for resource in template()["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::Role":
            assert len(properties["Policies"]) == 1 and "ManagedPolicyArns" not in properties


@pytest.mark.parametrize("role", ["TrustedRole", "UntrustedRole"])
@pytest.mark.parametrize(("given", "used"), [(Setup().oidc_provider, Setup().oidc_provider), ("", MADE_PROVIDER)])
def test_the_oidc_provider_of_the_account_is_reused_and_a_missing_one_made(role, given, used):
    trust = stack(Setup(oidc_provider=given)).properties(role)["AssumeRolePolicyDocument"]
    assert trust["Statement"][0]["Principal"] == {"Federated": used}


def test_its_bucket_is_private_owned_and_encrypted():
    bucket = stack(Setup()).properties("Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_its_lifecycle_is_the_documented_one():
    setup = Setup(folder="team/")
    rules = stack(setup).properties("Bucket")["LifecycleConfiguration"]["Rules"]
    made = {rule["Id"]: (rule.get("Prefix", ""), int(rule.get("ExpirationInDays", 0))) for rule in rules}
    assert made == {
        rule["ID"]: (rule["Filter"]["Prefix"], rule.get("Expiration", {}).get("Days", 0))
        for rule in document("lifecycle", setup)["Rules"]
    }
    assert rules[-1]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (
            "TrustedContext",
            ["environment:nx-cache", "ref:refs/heads/main", "ref:refs/tags/v1"],
            ["*", "pull_request", "environment:*", "ref:refs/heads/*", "ref:refs/pull/1/merge", ""],
        ),
        ("GitHubRepository", ["octo-org/shop", "octo-org@1/shop@2"], ["octo-org/*", "*", "octo-org", "a/b:pull_request"]),
        ("KeyPrefix", ["", "team/", "team/app/"], ["team", "/team/", "*/", "te?m/"]),
        ("TrustedWriterArns", ["", "arn:aws:iam::1:role/a,arn:aws:iam::1:role/b"], ["arn:aws:iam::1:role/*"]),
    ],
)
def test_dangerous_parameters_are_refused(parameter, good, bad):
    pattern = template()["Parameters"][parameter]["AllowedPattern"]
    assert all(re.search(pattern, value) for value in good)
    assert not [value for value in bad if re.search(pattern, value)]
