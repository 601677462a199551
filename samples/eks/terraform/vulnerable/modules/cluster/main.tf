# Fault: Kubernetes secrets are encrypted under no key of ours (no encryption_config).
resource "aws_eks_cluster" "cluster" {
  name     = var.name
  role_arn = var.role
  version  = var.kubernetes_version
  # Fault: the control plane logs errors but not who did what (no audit log).
  enabled_cluster_log_types = var.log_types

  vpc_config {
    subnet_ids         = var.subnets
    security_group_ids = var.security_groups
    # Fault: nodes leave the network to reach the control plane.
    endpoint_private_access = false
    endpoint_public_access  = true
    public_access_cidrs     = var.public_access_cidrs
  }

  access_config {
    authentication_mode = "API_AND_CONFIG_MAP"
    # Fault: whoever ran Terraform first stays administrator of the cluster for ever.
    bootstrap_cluster_creator_admin_permissions = true
  }
}

output "name" {
  value = aws_eks_cluster.cluster.name
}

output "issuer" {
  value = aws_eks_cluster.cluster.identity[0].oidc[0].issuer
}
