resource "aws_vpc" "vpc" {
  cidr_block           = "10.40.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
}

# Adopted without rules, so that nothing can be reached through it by mistake.
resource "aws_default_security_group" "default_group" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "private_subnet" {
  for_each = { a = 0, b = 1 }

  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = cidrsubnet(aws_vpc.vpc.cidr_block, 8, each.value)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false

  tags = { "kubernetes.io/role/internal-elb" = "1" }
}

resource "aws_route_table" "private_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table_association" "private_subnet_routes" {
  for_each = aws_subnet.private_subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private_routes.id
}

data "aws_iam_policy_document" "endpoint" {
  statement {
    actions   = ["*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

resource "aws_vpc_endpoint" "endpoint" {
  for_each = toset(["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "ssm", "sts"])

  vpc_id              = aws_vpc.vpc.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = values(aws_subnet.private_subnet)[*].id
  security_group_ids  = [aws_security_group.endpoint_group.id]
  private_dns_enabled = true
  policy              = data.aws_iam_policy_document.endpoint.json
}

# ECR keeps the layers of images in a bucket of its own.
data "aws_iam_policy_document" "s3_endpoint" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::prod-${var.region}-starport-layer-bucket/*", "arn:aws:s3:::${var.uploads_bucket}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [local.account]
    }
  }
}

resource "aws_vpc_endpoint" "s3_endpoint" {
  vpc_id            = aws_vpc.vpc.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = [aws_route_table.private_routes.id]
  policy            = data.aws_iam_policy_document.s3_endpoint.json
}

resource "aws_security_group" "endpoint_group" {
  name        = "${var.name}-endpoints"
  description = "Private endpoints of AWS services"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoint_from_network" {
  security_group_id = aws_security_group.endpoint_group.id
  cidr_ipv4         = aws_vpc.vpc.cidr_block
  description       = "HTTPS from this network"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_security_group" "cluster_group" {
  name        = "${var.name}-cluster"
  description = "Control plane"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "cluster_from_company" {
  security_group_id = aws_security_group.cluster_group.id
  cidr_ipv4         = var.company_cidr
  description       = "Kubernetes API for colleagues and the pipeline"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_flow_log" "flow_log" {
  vpc_id          = aws_vpc.vpc.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow_log_group.arn
  iam_role_arn    = aws_iam_role.flow_log_role.arn
}
