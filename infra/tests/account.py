"""A make-believe AWS account, in memory, whose S3 obeys the permissions of the caller's role."""

import json
from functools import cache

import boto3
import botocore.session
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from calls import CHUNK, ENTRY, OTHER_BUCKET, OUTSIDE, OWN

REFUSALS = {"AccessDenied", "403"}
# S3 looks at the permissions before it looks at the bucket.
LET_THROUGH = {"BucketNotEmpty"}
ANYONE = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


def gets_through(call, setup, *policies):
    """Whether `call` succeeds with a role that has `policies` and no other permissions."""
    with mock_aws():
        _fill_buckets(setup)
        s3 = _assume(policies)
        # From here on moto checks signatures and permissions.
        enforced = set_initial_no_auth_action_count(0)(call.make)
        try:
            answer = enforced(s3, setup.bucket, setup.folder)
        except ClientError as error:
            return _code(error.response["Error"]) in LET_THROUGH
        # A request for several objects is answered for each.
        return not [_code(error) for error in answer.get("Errors", [])]


def _code(error):
    assert error["Code"] in REFUSALS | LET_THROUGH, f"failed for another reason: {error}"
    return error["Code"]


def _fill_buckets(setup):
    s3 = _root("s3")
    for bucket in (setup.bucket, OTHER_BUCKET):
        s3.create_bucket(Bucket=bucket)
    for key in (ENTRY, CHUNK, OWN):
        s3.put_object(Bucket=setup.bucket, Key=setup.folder + key, Body=b"x")
    s3.put_object(Bucket=setup.bucket, Key=OUTSIDE)
    s3.put_object(Bucket=OTHER_BUCKET, Key="x")


def _assume(policies):
    iam = _root("iam")
    role = iam.create_role(RoleName="tested", AssumeRolePolicyDocument=json.dumps(ANYONE))["Role"]
    for number, policy in enumerate(policies):
        iam.put_role_policy(RoleName="tested", PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))
    keys = _root("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    s3, credentials = _role_client()
    credentials.access_key = keys["AccessKeyId"]
    credentials.secret_key = keys["SecretAccessKey"]
    credentials.token = keys["SessionToken"]
    return s3


@cache
def _role_client():
    """One client for all roles, since making one takes longer than ten calls, and the credentials it uses."""
    session = botocore.session.get_session()
    session.set_credentials("x", "x", "x")
    return session.create_client("s3", region_name="us-east-1"), session.get_credentials()


@cache
def _root(service):
    """A client for making the account ready; nothing checks what it may do."""
    return boto3.client(service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
