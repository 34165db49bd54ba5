output "bucket" {
  description = "For s3.bucket in nx.json."
  value       = aws_s3_bucket.cache.id
}

output "region" {
  description = "For s3.region in nx.json."
  value       = aws_s3_bucket.cache.region
}

output "trusted_role_arn" {
  description = "The role of jobs on protected branches."
  value       = one(aws_iam_role.trusted[*].arn)
}

output "untrusted_role_arn" {
  description = "The role of pull requests and other branches."
  value       = one(aws_iam_role.untrusted[*].arn)
}

output "developer_policy_arn" {
  description = "The policy to attach to developers' groups, roles or permission sets."
  value       = aws_iam_policy.developer.arn
}

output "oidc_provider_arn" {
  description = "GitHub's OIDC provider in this account, for other modules to reuse."
  value       = local.github ? local.oidc_provider_arn : null
}

output "role_policies" {
  description = "The permissions of each kind of run as JSON, for roles of other CI systems."
  value = {
    trusted   = module.policies.role_trusted
    untrusted = module.policies.role_untrusted
    developer = module.policies.role_developer
  }
}
