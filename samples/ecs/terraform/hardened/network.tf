resource "aws_vpc" "vpc" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
}

# Adopted without rules, so that nothing can be reached through it by mistake.
resource "aws_default_security_group" "default_group" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_subnet" "private_subnet" {
  for_each = local.zones

  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = cidrsubnet(var.vpc_cidr, 8, each.key == "a" ? 0 : 1)
  availability_zone       = "${var.region}${each.key}"
  map_public_ip_on_launch = false
}

resource "aws_route_table" "private_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table_association" "private_subnet_routes" {
  for_each = aws_subnet.private_subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private_routes.id
}

resource "aws_flow_log" "flow_log" {
  vpc_id          = aws_vpc.vpc.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.log_group["flow-logs"].arn
  iam_role_arn    = aws_iam_role.flow_log_role.arn
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
  for_each = toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager", "elasticfilesystem"])

  vpc_id              = aws_vpc.vpc.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = [for subnet in aws_subnet.private_subnet : subnet.id]
  security_group_ids  = [aws_security_group.endpoint_group.id]
  private_dns_enabled = true
  policy              = data.aws_iam_policy_document.endpoint.json
}

# ECR keeps the layers of images in a bucket of its own.
data "aws_iam_policy_document" "s3_endpoint" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::prod-${var.region}-starport-layer-bucket/*"]

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

resource "aws_security_group" "balancer_group" {
  name        = "${var.name}-balancer"
  description = "Load balancer"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_security_group" "web_group" {
  name        = "${var.name}-web"
  description = "Tasks"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_security_group" "cache_group" {
  name        = "${var.name}-cache"
  description = "Shared files of the agents"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer_from_company" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.balancer_group.id
  cidr_ipv4         = var.company_cidr
  description       = "Colleagues"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

locals {
  # Who speaks to whom inside this network; every pair is an egress rule on one side and an ingress rule on the other.
  conversations = {
    balancer_to_web = {
      from = aws_security_group.balancer_group.id, to = aws_security_group.web_group.id, port = 8443, what = "HTTPS to the tasks"
    }
    web_to_endpoints = {
      from = aws_security_group.web_group.id, to = aws_security_group.endpoint_group.id, port = 443, what = "AWS services through private endpoints"
    }
    web_to_cache = {
      from = aws_security_group.web_group.id, to = aws_security_group.cache_group.id, port = 2049, what = "Shared files over TLS"
    }
  }
}

resource "aws_vpc_security_group_egress_rule" "conversation_out" {
  for_each = local.conversations

  security_group_id            = each.value.from
  referenced_security_group_id = each.value.to
  description                  = each.value.what
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_ingress_rule" "conversation_in" {
  for_each = local.conversations

  security_group_id            = each.value.to
  referenced_security_group_id = each.value.from
  description                  = each.value.what
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "web_to_s3" {
  security_group_id = aws_security_group.web_group.id
  prefix_list_id    = aws_vpc_endpoint.s3_endpoint.prefix_list_id
  description       = "Layers of images"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_lb" "load_balancer" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = true
  security_groups            = [aws_security_group.balancer_group.id]
  subnets                    = [for subnet in aws_subnet.private_subnet : subnet.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  enable_zonal_shift         = true

  access_logs {
    bucket  = var.access_log_bucket
    prefix  = var.name
    enabled = true
  }
}

resource "aws_lb_target_group" "web_targets" {
  name        = "${var.name}-web"
  vpc_id      = aws_vpc.vpc.id
  target_type = "ip"
  protocol    = "HTTPS"
  port        = 8443

  health_check {
    path     = "/health"
    protocol = "HTTPS"
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.load_balancer.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
  certificate_arn   = var.certificate

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web_targets.arn
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.load_balancer.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}
