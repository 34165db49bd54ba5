"""The calls that somebody with a role's credentials could try, and who may make which."""

from dataclasses import dataclass
from typing import Callable

HASH = "0123456789"
OUTSIDE = "secrets/deploy-key.txt"
OTHER_BUCKET = "billing"


@dataclass(frozen=True)
class Call:
    """One call: what boto3 is told, and which permissions AWS asks for.

    moto does not ask for those in `unasked`.
    """

    make: Callable
    needs: tuple
    unasked: tuple = ()


def _object(action, key):
    return (action, "arn:aws:s3:::{bucket}/" + key)


def _bucket(action):
    return (action, "arn:aws:s3:::{bucket}")


def _on(method, key, action, **more):
    """A call of one object, whose key is relative to the prefix."""
    return Call(
        lambda s3, bucket, folder: getattr(s3, method)(Bucket=bucket, Key=folder + key, **more),
        (_object(action, "{folder}" + key),),
    )


def _copy(source, target):
    read, write = _object("s3:GetObject", "{folder}" + source), _object("s3:PutObject", "{folder}" + target)
    return Call(
        lambda s3, bucket, folder: s3.copy_object(
            Bucket=bucket, Key=folder + target, CopySource={"Bucket": bucket, "Key": folder + source}
        ),
        needs=(read, write),
        unasked=(read,),
    )


def _of_bucket(method, action, **more):
    return Call(lambda s3, bucket, folder: getattr(s3, method)(Bucket=bucket, **more), (_bucket(action),))


ENTRY = f"v1/t/e/{HASH}"
CHUNK = "v1/t/c/ab/" + "ab" * 32
ARCHIVE = "v1/t/n/release"
OWN = f"v1/u/pr-7/e/{HASH}"
OWN_CHUNK = "v1/u/pr-7/c/ab/" + "ab" * 32
ALMOST = f"v1/tt/e/{HASH}"

CALLS = {
    "get a trusted entry": _on("get_object", ENTRY, "s3:GetObject"),
    "ask for a trusted chunk": _on("head_object", CHUNK, "s3:GetObject"),
    "list the bucket": _of_bucket("list_objects_v2", "s3:ListBucket"),
    "create a trusted entry": _on("put_object", ENTRY + "9", "s3:PutObject", IfNoneMatch="*"),
    "replace a trusted entry": _on("put_object", ENTRY, "s3:PutObject"),
    "create a trusted chunk": _on("put_object", CHUNK + "9", "s3:PutObject", IfNoneMatch="*"),
    "create a trusted archive": _on("put_object", ARCHIVE, "s3:PutObject"),
    "begin a trusted multipart upload": _on("create_multipart_upload", ENTRY, "s3:PutObject"),
    "delete a trusted entry": _on("delete_object", ENTRY, "s3:DeleteObject"),
    "delete a trusted chunk": _on("delete_object", CHUNK, "s3:DeleteObject"),
    "delete several trusted entries at once": Call(
        lambda s3, bucket, folder: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": folder + ENTRY}]}),
        (_object("s3:DeleteObject", "{folder}" + ENTRY),),
    ),
    "tag a trusted entry": _on("put_object_tagging", ENTRY, "s3:PutObjectTagging", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}),
    "open a trusted entry to the world": _on("put_object_acl", ENTRY, "s3:PutObjectAcl", ACL="public-read"),
    "copy an untrusted entry over a trusted one": _copy(OWN, ENTRY),
    "copy one trusted entry over another": _copy(ENTRY, ENTRY + "9"),
    "get an untrusted entry": _on("get_object", OWN, "s3:GetObject"),
    "create an untrusted entry": _on("put_object", OWN + "9", "s3:PutObject", IfNoneMatch="*"),
    "create an untrusted chunk": _on("put_object", OWN_CHUNK, "s3:PutObject", IfNoneMatch="*"),
    "delete an untrusted entry": _on("delete_object", OWN, "s3:DeleteObject"),
    "write beside the scopes": _on("put_object", ALMOST, "s3:PutObject"),
    "delete beside the scopes": _on("delete_object", ALMOST, "s3:DeleteObject"),
    "read outside the prefix": Call(
        lambda s3, bucket, folder: s3.get_object(Bucket=bucket, Key=OUTSIDE), (_object("s3:GetObject", OUTSIDE),)
    ),
    "write outside the prefix": Call(
        lambda s3, bucket, folder: s3.put_object(Bucket=bucket, Key=OUTSIDE), (_object("s3:PutObject", OUTSIDE),)
    ),
    "delete outside the prefix": Call(
        lambda s3, bucket, folder: s3.delete_object(Bucket=bucket, Key=OUTSIDE), (_object("s3:DeleteObject", OUTSIDE),)
    ),
    "replace the bucket's policy": _of_bucket("put_bucket_policy", "s3:PutBucketPolicy", Policy='{"Version": "2012-10-17", "Statement": []}'),
    "delete the bucket's policy": _of_bucket("delete_bucket_policy", "s3:DeleteBucketPolicy"),
    "change the bucket's lifecycle": _of_bucket(
        "put_bucket_lifecycle_configuration",
        "s3:PutLifecycleConfiguration",
        LifecycleConfiguration={"Rules": [{"ID": "x", "Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}]},
    ),
    "delete the bucket": _of_bucket("delete_bucket", "s3:DeleteBucket"),
    "read another bucket": Call(
        lambda s3, bucket, folder: s3.get_object(Bucket=OTHER_BUCKET, Key="x"),
        (("s3:GetObject", f"arn:aws:s3:::{OTHER_BUCKET}/x"),),
    ),
    "list another bucket": Call(
        lambda s3, bucket, folder: s3.list_objects_v2(Bucket=OTHER_BUCKET),
        (("s3:ListBucket", f"arn:aws:s3:::{OTHER_BUCKET}"),),
    ),
}

READS = {"get a trusted entry", "ask for a trusted chunk", "list the bucket"}

# What each role can do. Everything else of the list above it can not.
MAY = {
    "trusted": READS
    | {
        "create a trusted entry",
        "replace a trusted entry",
        "create a trusted chunk",
        "create a trusted archive",
        "begin a trusted multipart upload",
        "copy one trusted entry over another",
    },
    "untrusted": READS
    | {
        "get an untrusted entry",
        "create an untrusted entry",
        "create an untrusted chunk",
        "delete an untrusted entry",
    },
    "developer": READS,
}

# Calls by which a pull request would change what trusted runs read, or who may.
ATTACKS = sorted(
    name
    for name in CALLS
    if name not in MAY["untrusted"] and ("trusted " in name or "the bucket" in name)
)
