# The same cluster, done right: a private control plane, hardened nodes, every component with a role of its own.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25" # knows deletion protection of clusters
    }
  }
}

provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

module "cluster" {
  source = "./modules/cluster"

  name               = var.name
  kubernetes_version = var.kubernetes_version
  role               = aws_iam_role.cluster_role.arn
  subnets            = values(aws_subnet.private_subnet)[*].id
  security_groups    = [aws_security_group.cluster_group.id]
  key                = aws_kms_key.key.arn

  depends_on = [aws_iam_role_policy_attachment.cluster_rights]
}

resource "aws_eks_node_group" "nodes" {
  for_each = var.node_groups

  cluster_name    = module.cluster.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node_role.arn
  subnet_ids      = values(aws_subnet.private_subnet)[*].id
  ami_type        = "BOTTLEROCKET_x86_64"
  instance_types  = each.value.instance_types

  scaling_config {
    min_size     = 2
    desired_size = each.value.size
    max_size     = 2 * each.value.size
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  launch_template {
    id      = aws_launch_template.node_template.id
    version = aws_launch_template.node_template.latest_version
  }
}

resource "aws_launch_template" "node_template" {
  name_prefix = "${var.name}-node-"

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  # Bottlerocket keeps itself on the first disk and images and logs on the second.
  dynamic "block_device_mappings" {
    for_each = { "/dev/xvda" = 4, "/dev/xvdb" = 50 }

    content {
      device_name = block_device_mappings.key

      ebs {
        volume_size           = block_device_mappings.value
        volume_type           = "gp3"
        encrypted             = true
        kms_key_id            = aws_kms_key.key.arn
        delete_on_termination = true
      }
    }
  }
}

resource "aws_eks_addon" "addon" {
  for_each = {
    vpc-cni = {
      version       = "v1.21.1-eksbuild.1"
      configuration = jsonencode({ enableNetworkPolicy = "true", env = { NETWORK_POLICY_ENFORCING_MODE = "strict" } })
      identity      = { service_account = "aws-node", role = aws_iam_role.pod_role["network"].arn }
    }
    aws-ebs-csi-driver = {
      version       = "v1.53.0-eksbuild.1"
      configuration = null
      identity      = { service_account = "ebs-csi-controller-sa", role = aws_iam_role.pod_role["storage"].arn }
    }
    coredns                = { version = "v1.12.4-eksbuild.1", configuration = null, identity = null }
    kube-proxy             = { version = "v1.36.0-eksbuild.2", configuration = null, identity = null }
    eks-pod-identity-agent = { version = "v1.3.10-eksbuild.1", configuration = null, identity = null }
  }

  cluster_name                = module.cluster.name
  addon_name                  = each.key
  addon_version               = each.value.version
  configuration_values        = each.value.configuration
  resolve_conflicts_on_create = "NONE"
  resolve_conflicts_on_update = "PRESERVE"

  dynamic "pod_identity_association" {
    for_each = each.value.identity[*]

    content {
      service_account = pod_identity_association.value.service_account
      role_arn        = pod_identity_association.value.role
    }
  }
}

resource "aws_eks_access_entry" "pipeline" {
  cluster_name  = module.cluster.name
  principal_arn = aws_iam_role.pipeline_role.arn
}

resource "aws_eks_access_policy_association" "pipeline_edits" {
  cluster_name  = module.cluster.name
  principal_arn = aws_iam_role.pipeline_role.arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"

  access_scope {
    type       = "namespace"
    namespaces = ["web"]
  }
}

resource "aws_eks_pod_identity_association" "uploader" {
  cluster_name    = module.cluster.name
  namespace       = "web"
  service_account = "uploader"
  role_arn        = aws_iam_role.pod_role["uploader"].arn
}
