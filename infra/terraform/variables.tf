variable "bucket" {
  description = "Name of the bucket to create."
  type        = string
}

variable "prefix" {
  description = "The option cacheKeyPrefix of nx.json: a folder of the bucket, without slashes at its ends. Empty for the bucket's root."
  type        = string
  default     = ""

  validation {
    condition     = var.prefix == "" || can(regex("^[A-Za-z0-9!_.'()-]([A-Za-z0-9!_.'()/-]*[A-Za-z0-9!_.'()-])?$", var.prefix))
    error_message = "The prefix is written without slashes at its ends and without wildcards, as in nx.json: \"team/app\"."
  }
}

variable "github_repository" {
  description = "The repository as GitHub spells it in the tokens of its jobs: \"octo-org/shop\", or \"octo-org@1234/shop@5678\" where tokens carry the immutable ids. Null: no roles for GitHub Actions; name other writers in trusted_writer_arns."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9._-]+(@[0-9]+)?$", var.github_repository))
    error_message = "One repository, without wildcards: \"owner/name\" or \"owner@id/name@id\"."
  }
}

variable "trusted_context" {
  description = "Which jobs get the trusted role: the end of their token's subject. \"environment:NAME\" for an environment that only protected branches may use, or \"ref:refs/heads/NAME\" for one protected branch."
  type        = string
  default     = "environment:nx-cache"

  validation {
    condition     = can(regex("^(environment:[^*?]+|ref:refs/(heads|tags)/[^*?]+)$", var.trusted_context))
    error_message = "Trusted is one environment or one ref, without wildcards: \"environment:nx-cache\" or \"ref:refs/heads/main\". Never \"pull_request\"."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the account's provider for token.actions.githubusercontent.com, of which there can be only one. Null creates it."
  type        = string
  default     = null
}

variable "trusted_writer_arns" {
  description = "ARNs of roles or users that may write trusted entries beside the trusted role: other CI systems, an administrator who cleans up."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.trusted_writer_arns : !strcontains(arn, "*")])
    error_message = "Each is one role or user: no wildcards."
  }
}

variable "write_once" {
  description = "Refuse every write of a trusted object that could replace one. Entries that turn out damaged then stay misses until they expire."
  type        = bool
  default     = false
}

variable "days" {
  description = "After how many days objects are deleted. Chunks are shared between entries, so they must outlive them by far."
  type = object({
    trusted_entries  = optional(number, 30)
    trusted_archives = optional(number, 30)
    trusted_chunks   = optional(number, 90)
    untrusted        = optional(number, 14)
  })
  default = {}

  validation {
    condition     = var.days.trusted_chunks >= 2 * max(var.days.trusted_entries, var.days.trusted_archives)
    error_message = "Chunks must live at least twice as long as the entries and archives that use them."
  }
}

variable "role_name_prefix" {
  description = "What the names of roles and policies begin with."
  type        = string
  default     = "nx-s3-cache"
}

variable "force_destroy" {
  description = "Let terraform destroy delete the bucket with everything in it."
  type        = bool
  default     = false
}
