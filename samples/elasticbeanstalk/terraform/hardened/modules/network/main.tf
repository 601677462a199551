# Private subnets that reach out through a NAT gateway in each zone, and flow logs.

locals {
  zones = { for index, zone in var.zones : zone => index }
}

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

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

# For the NAT gateways alone.
resource "aws_subnet" "public_subnet" {
  for_each = local.zones

  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = cidrsubnet(var.cidr, 8, 100 + each.value)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_route_table" "public_routes" {
  vpc_id = aws_vpc.vpc.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public_default_route" {
  route_table_id         = aws_route_table.public_routes.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "public_subnet_routes" {
  for_each = aws_subnet.public_subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.public_routes.id
}

resource "aws_eip" "nat_address" {
  for_each = local.zones

  domain = "vpc"
}

resource "aws_nat_gateway" "nat" {
  for_each = local.zones

  subnet_id     = aws_subnet.public_subnet[each.key].id
  allocation_id = aws_eip.nat_address[each.key].id
}

resource "aws_subnet" "private_subnet" {
  for_each = local.zones

  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = cidrsubnet(var.cidr, 8, each.value)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "private_routes" {
  for_each = local.zones

  vpc_id = aws_vpc.vpc.id

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.nat[each.key].id
  }
}

resource "aws_route_table_association" "private_subnet_routes" {
  for_each = aws_subnet.private_subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private_routes[each.key].id
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
