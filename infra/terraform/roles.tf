data "aws_partition" "current" {}

locals {
  folder            = var.prefix == "" ? "" : "${var.prefix}/"
  github            = var.github_repository != null
  oidc_provider_arn = var.oidc_provider_arn != null ? var.oidc_provider_arn : one(aws_iam_openid_connect_provider.github[*].arn)
}

# The documents themselves are in ../policies, where the tests find them too.
module "policies" {
  source = "./policies"

  partition         = data.aws_partition.current.partition
  bucket            = var.bucket
  folder            = local.folder
  repository        = local.github ? var.github_repository : ""
  trusted_context   = var.trusted_context
  oidc_provider_arn = local.github ? local.oidc_provider_arn : ""
  trusted_writers   = concat(aws_iam_role.trusted[*].arn, var.trusted_writer_arns)
  write_once        = var.write_once
}

resource "aws_iam_openid_connect_provider" "github" {
  count = local.github && var.oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "trusted" {
  count = local.github ? 1 : 0

  name               = "${var.role_name_prefix}-trusted"
  description        = "Nx cache, protected branches: reads and writes trusted entries"
  assume_role_policy = module.policies.trust_trusted
}

resource "aws_iam_role_policy" "trusted" {
  count = local.github ? 1 : 0

  name   = "cache"
  role   = aws_iam_role.trusted[0].id
  policy = module.policies.role_trusted
}

resource "aws_iam_role" "untrusted" {
  count = local.github ? 1 : 0

  name               = "${var.role_name_prefix}-untrusted"
  description        = "Nx cache, pull requests and other branches: reads trusted entries, writes untrusted ones"
  assume_role_policy = module.policies.trust_untrusted
}

resource "aws_iam_role_policy" "untrusted" {
  count = local.github ? 1 : 0

  name   = "cache"
  role   = aws_iam_role.untrusted[0].id
  policy = module.policies.role_untrusted
}

resource "aws_iam_policy" "developer" {
  name        = "${var.role_name_prefix}-developer"
  description = "Nx cache, developers: reads trusted entries"
  policy      = module.policies.role_developer
}
