terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.81 is the first in which an OIDC provider needs no thumbprints.
      version = ">= 5.81"
    }
  }
}
