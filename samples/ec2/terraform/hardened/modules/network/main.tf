# A VPC without a way to the internet: private subnets, endpoints for the AWS services that are needed, flow logs.

resource "aws_vpc" "vpc" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Adopted without rules, so that nothing can be reached through it by mistake.
resource "aws_default_security_group" "default_group" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "private_subnet" {
  for_each = { for index, zone in var.zones : zone => index }

  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = cidrsubnet(var.cidr, 8, each.value)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "private_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table_association" "private_subnet_routes" {
  for_each = aws_subnet.private_subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private_routes.id
}

resource "aws_security_group" "endpoint_group" {
  name        = "${var.name}-endpoints"
  description = "Private endpoints of AWS services"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoint_from_servers" {
  security_group_id = aws_security_group.endpoint_group.id
  cidr_ipv4         = var.cidr
  description       = "HTTPS from this network"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
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
      values   = [var.account]
    }
  }
}

resource "aws_vpc_endpoint" "endpoint" {
  for_each = toset(var.endpoint_names)

  vpc_id              = aws_vpc.vpc.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.private_subnet : subnet.id]
  security_group_ids  = [aws_security_group.endpoint_group.id]
  private_dns_enabled = true
  policy              = data.aws_iam_policy_document.endpoint.json
}

data "aws_iam_policy_document" "s3_endpoint" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${var.name}-*/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [var.account]
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

data "aws_iam_policy_document" "flow_log_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

data "aws_iam_policy_document" "flow_log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${var.flow_log_group}:*"]
  }
}

resource "aws_iam_role" "flow_log_role" {
  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.flow_log_trust.json
}

resource "aws_iam_policy" "flow_log_policy" {
  name   = "${var.name}-flow-logs"
  policy = data.aws_iam_policy_document.flow_log.json
}

resource "aws_iam_role_policy_attachment" "flow_log_writes" {
  role       = aws_iam_role.flow_log_role.name
  policy_arn = aws_iam_policy.flow_log_policy.arn
}

resource "aws_flow_log" "flow_log" {
  vpc_id          = aws_vpc.vpc.id
  traffic_type    = "ALL"
  log_destination = var.flow_log_group
  iam_role_arn    = aws_iam_role.flow_log_role.arn
}
