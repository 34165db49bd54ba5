"""What the bucket's own policy adds: it binds everybody in the account, whatever their roles allow."""

import pytest

from documents import Setup, bucket_policy
from evaluator import Request, allowed, denied_explicitly

ADMINISTRATOR = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
SETUP = Setup(folder="team/", other_writers=("arn:aws:iam::123456789012:role/gitlab",))
BUCKET = f"arn:aws:s3:::{SETUP.bucket}"
TRUSTED = f"{BUCKET}/team/v1/t/e/1"
UNTRUSTED = f"{BUCKET}/team/v1/u/pr-1/e/1"
SOMEBODY = "arn:aws:iam::123456789012:role/developer"


def request(action, resource=TRUSTED, principal=SOMEBODY, tls=True, **context):
    known = {"aws:SecureTransport": str(tls).lower()}
    if principal is not None:
        known["aws:PrincipalArn"] = principal
    return Request(action, resource, known | context)


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:ListBucket"])
@pytest.mark.parametrize("resource", [BUCKET, TRUSTED, UNTRUSTED, f"{BUCKET}/elsewhere"])
def test_nobody_gets_in_without_tls(action, resource):
    by_trusted = request(action, resource, SETUP.trusted_role, tls=False)
    assert not allowed(by_trusted, ADMINISTRATOR, bucket_policy(SETUP))


@pytest.mark.parametrize(
    "action", ["s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateObject"]
)
@pytest.mark.parametrize("principal", [SOMEBODY, None], ids=["an administrator", "nobody in particular"])
def test_even_an_administrator_does_not_write_trusted_objects(action, principal):
    assert not allowed(request(action, principal=principal), ADMINISTRATOR, bucket_policy(SETUP))


@pytest.mark.parametrize("writer", SETUP.trusted_writers)
def test_the_named_writers_do(writer):
    assert allowed(request("s3:PutObject", principal=writer), ADMINISTRATOR, bucket_policy(SETUP))


def test_everybody_else_keeps_what_their_roles_allow():
    policies = (ADMINISTRATOR, bucket_policy(SETUP))
    assert allowed(request("s3:GetObject"), *policies)
    assert allowed(request("s3:PutObject", UNTRUSTED), *policies)
    assert allowed(request("s3:PutObject", f"{BUCKET}/elsewhere"), *policies)
    assert allowed(request("s3:PutBucketPolicy", BUCKET), *policies)


def test_write_once_refuses_writes_that_could_replace_an_object():
    policy = bucket_policy(Setup(folder="team/", write_once=True))
    blind = request("s3:PutObject", principal=SETUP.trusted_role)
    careful = request("s3:PutObject", principal=SETUP.trusted_role, **{"s3:if-none-match": "*"})
    assert denied_explicitly(blind, policy)
    assert not denied_explicitly(careful, policy)
    assert not denied_explicitly(request("s3:PutObject", UNTRUSTED), policy)


def test_without_write_once_a_damaged_entry_can_be_replaced():
    assert not denied_explicitly(request("s3:PutObject", principal=SETUP.trusted_role), bucket_policy(SETUP))
