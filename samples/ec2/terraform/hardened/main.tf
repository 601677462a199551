# The same shop, done right: no way in or out but the load balancer and private endpoints, everything encrypted with
# one key of its own, administrators come through Session Manager.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80"
    }
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

locals {
  name    = "${var.project}-${var.environment}"
  account = data.aws_caller_identity.current.account_id
}

module "network" {
  source = "./modules/network"

  name           = local.name
  region         = var.region
  account        = local.account
  cidr           = var.vpc_cidr
  zones          = var.zones
  flow_log_group = aws_cloudwatch_log_group.flow_log_group.arn
  endpoint_names = ["ec2", "ec2messages", "kms", "logs", "ssm", "ssmmessages", "sts"]
}
