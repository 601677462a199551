# A Kubernetes cluster for several teams, as it grew out of a tutorial.

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

module "cluster" {
  source = "./modules/cluster"

  name               = var.name
  kubernetes_version = var.kubernetes_version
  role               = aws_iam_role.cluster_role.arn
  subnets            = values(aws_subnet.subnet)[*].id
  security_groups    = [aws_security_group.cluster_group.id]
  # Fault: two halves of the internet are the whole internet.
  public_access_cidrs = ["0.0.0.0/1", "128.0.0.0/1"]
}

resource "aws_eks_node_group" "nodes" {
  for_each = var.node_groups

  cluster_name    = module.cluster.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node_role.arn
  subnet_ids      = values(aws_subnet.subnet)[*].id
  ami_type        = "AL2_x86_64" # Fault: AWS builds no more images of Amazon Linux 2 for EKS.
  instance_types  = each.value.instance_types

  scaling_config {
    min_size     = 1
    desired_size = each.value.size
    max_size     = 2 * each.value.size
  }

  dynamic "launch_template" {
    for_each = each.value.ssh ? [] : [aws_launch_template.node_template]

    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
    }
  }

  dynamic "remote_access" {
    for_each = each.value.ssh ? ["operations"] : []

    # Fault: SSH with a key and no source group opens port 22 of the nodes to the whole internet.
    content {
      ec2_ssh_key = remote_access.value
    }
  }
}

resource "aws_launch_template" "node_template" {
  name_prefix = "${var.name}-node-"

  metadata_options {
    # Fault: every pod can ask for the credentials of its node.
    http_tokens                 = "optional"
    http_put_response_hop_limit = 2
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size = 50
      volume_type = "gp3"
      # Fault: images and logs of the nodes are written in plain text.
      encrypted = false
    }
  }
}

# Fault: no role of its own, so the network plug-in works with the rights of the node.
# Fault: no configuration, so Kubernetes network policies are not enforced.
resource "aws_eks_addon" "network" {
  cluster_name = module.cluster.name
  addon_name   = "vpc-cni"
}

resource "aws_eks_access_entry" "pipeline" {
  cluster_name  = module.cluster.name
  principal_arn = aws_iam_role.pipeline_role.arn
}

resource "aws_eks_access_policy_association" "pipeline_admin" {
  cluster_name  = module.cluster.name
  principal_arn = aws_iam_role.pipeline_role.arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  # Fault: whoever changes the pipeline administers every namespace of the cluster.
  access_scope {
    type = "cluster"
  }
}
