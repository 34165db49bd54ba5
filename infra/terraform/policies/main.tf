# Fills in the documents of infra/policies. No provider is needed, so the tests can render them without an account.

terraform {
  required_version = ">= 1.5"
}

variable "partition" {
  description = "aws, aws-cn or aws-us-gov."
  type        = string
  default     = "aws"
}

variable "bucket" {
  description = "The bucket's name."
  type        = string
}

variable "folder" {
  description = "The cacheKeyPrefix with a slash behind it, or nothing."
  type        = string
}

variable "repository" {
  description = "The repository as it stands in the subject of GitHub's tokens."
  type        = string
}

variable "trusted_context" {
  description = "The end of a trusted job's subject."
  type        = string
}

variable "oidc_provider_arn" {
  description = "GitHub's OIDC provider in this account."
  type        = string
}

variable "trusted_writers" {
  description = "ARNs that may write trusted entries."
  type        = list(string)
}

variable "write_once" {
  description = "Whether trusted objects can't be replaced."
  type        = bool
}

locals {
  texts = {
    for name in ["role-trusted", "role-untrusted", "role-developer", "trust-trusted", "trust-untrusted", "bucket", "bucket-write-once"] :
    name => replace(replace(replace(replace(replace(replace(
      file("${path.module}/../../policies/${name}.json"),
      "arn:aws:", "arn:${var.partition}:"),
      "<bucket>", var.bucket),
      "<prefix>", var.folder),
      "<repository>", var.repository),
      "<trusted-context>", var.trusted_context),
    "<oidc-provider-arn>", var.oidc_provider_arn)
  }

  # Apart from the other documents, since the trusted role, whose ARN is needed here, needs one of those.
  bucket_statements = concat(
    jsondecode(replace(local.texts["bucket"], "[\"<trusted-role-arn>\"]", jsonencode(var.trusted_writers))).Statement,
    var.write_once ? jsondecode(local.texts["bucket-write-once"]).Statement : [],
  )
}

output "role_trusted" {
  description = "What trusted runs may do."
  value       = jsonencode(jsondecode(local.texts["role-trusted"]))
}

output "role_untrusted" {
  description = "What pull requests and other branches may do."
  value       = jsonencode(jsondecode(local.texts["role-untrusted"]))
}

output "role_developer" {
  description = "What developers may do."
  value       = jsonencode(jsondecode(local.texts["role-developer"]))
}

output "trust_trusted" {
  description = "Who gets the trusted role."
  value       = jsonencode(jsondecode(local.texts["trust-trusted"]))
}

output "trust_untrusted" {
  description = "Who gets the untrusted role."
  value       = jsonencode(jsondecode(local.texts["trust-untrusted"]))
}

output "bucket" {
  description = "The bucket's policy."
  value       = jsonencode({ Version = "2012-10-17", Statement = local.bucket_statements })
}
