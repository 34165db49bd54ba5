resource "aws_s3_bucket" "cache" {
  bucket        = var.bucket
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "cache" {
  bucket                  = aws_s3_bucket.cache.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "cache" {
  bucket = aws_s3_bucket.cache.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "cache" {
  bucket = aws_s3_bucket.cache.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_policy" "cache" {
  bucket = aws_s3_bucket.cache.id
  policy = module.policies.bucket

  # Both change the bucket's policy status; S3 refuses the second of two changes at once.
  depends_on = [aws_s3_bucket_public_access_block.cache]
}

resource "aws_s3_bucket_lifecycle_configuration" "cache" {
  bucket = aws_s3_bucket.cache.id

  dynamic "rule" {
    for_each = {
      "trusted entries"  = { prefix = "t/e/", days = var.days.trusted_entries }
      "trusted archives" = { prefix = "t/n/", days = var.days.trusted_archives }
      "trusted chunks"   = { prefix = "t/c/", days = var.days.trusted_chunks }
      "untrusted"        = { prefix = "u/", days = var.days.untrusted }
    }

    content {
      id     = "nx-s3-cache ${rule.key}"
      status = "Enabled"

      filter {
        prefix = "${local.folder}v1/${rule.value.prefix}"
      }

      expiration {
        days = rule.value.days
      }
    }
  }

  rule {
    id     = "nx-s3-cache unfinished uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}
