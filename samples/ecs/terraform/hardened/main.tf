# The same orders, done right: a web front behind an internal load balancer and a build agent, both on Fargate without
# privileges, in a network that reaches AWS through private endpoints only.

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
  account  = data.aws_caller_identity.current.account_id
  zones    = toset(["a", "b"])
  registry = aws_ecr_repository.repository.repository_url
}

resource "aws_ecr_repository" "repository" {
  name                 = "${var.name}/web"
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.key.arn
  }
}

resource "aws_ecr_lifecycle_policy" "repository_lifecycle" {
  repository = aws_ecr_repository.repository.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Drop images that no tag names any more"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 14 }
      action       = { type = "expire" }
    }]
  })
}

data "aws_iam_policy_document" "repository" {
  statement {
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.execution_role.arn]
    }
  }
}

resource "aws_ecr_repository_policy" "repository_policy" {
  repository = aws_ecr_repository.repository.name
  policy     = data.aws_iam_policy_document.repository.json
}

resource "aws_ecs_cluster" "cluster" {
  name = var.name

  configuration {
    execute_command_configuration {
      kms_key_id = aws_kms_key.key.arn
      logging    = "OVERRIDE"

      log_configuration {
        cloud_watch_encryption_enabled = true
        cloud_watch_log_group_name     = aws_cloudwatch_log_group.log_group["exec"].name
      }
    }

    managed_storage_configuration {
      kms_key_id                           = aws_kms_key.key.arn
      fargate_ephemeral_storage_kms_key_id = aws_kms_key.key.arn
    }
  }

  setting {
    name  = "containerInsights"
    value = "enhanced"
  }
}

module "web" {
  source = "./modules/service"

  name           = "${var.name}-web"
  region         = var.region
  cluster        = aws_ecs_cluster.cluster.arn
  image          = "${local.registry}@${var.image_digests.web}"
  port           = 8443
  desired_count  = 2
  task_role      = aws_iam_role.task_role.arn
  execution_role = aws_iam_role.execution_role.arn
  subnets        = [for subnet in aws_subnet.private_subnet : subnet.id]
  security_group = aws_security_group.web_group.id
  target_group   = aws_lb_target_group.web_targets.arn
  log_group      = aws_cloudwatch_log_group.log_group["web"].name

  environment = {
    DATABASE_HOST = "orders.internal.example.com"
    DATABASE_USER = "orders"
  }

  secrets = {
    DATABASE_PASSWORD = var.database_secret
  }

  depends_on = [aws_lb_listener.https]
}

module "agent" {
  source = "./modules/service"

  name           = "${var.name}-agent"
  region         = var.region
  cluster        = aws_ecs_cluster.cluster.arn
  image          = "${local.registry}@${var.image_digests.agent}"
  port           = 8443
  desired_count  = 1
  task_role      = aws_iam_role.task_role.arn
  execution_role = aws_iam_role.execution_role.arn
  subnets        = [for subnet in aws_subnet.private_subnet : subnet.id]
  security_group = aws_security_group.web_group.id
  log_group      = aws_cloudwatch_log_group.log_group["agent"].name

  shared_files = {
    file_system  = aws_efs_file_system.cache.id
    access_point = aws_efs_access_point.cache_access.id
  }
}

resource "aws_cloudwatch_log_group" "log_group" {
  for_each = toset(["web", "agent", "exec", "flow-logs"])

  name              = "/${var.name}/${each.key}"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.key.arn
  skip_destroy      = true
}
