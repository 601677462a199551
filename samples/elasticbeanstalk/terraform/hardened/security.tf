resource "aws_security_group" "balancer_group" {
  name        = "${var.name}-balancer"
  description = "Load balancer of the booking site"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "balancer_from_company" {
  security_group_id = aws_security_group.balancer_group.id
  cidr_ipv4         = var.company_cidr
  description       = "HTTPS from colleagues"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "balancer_to_instances" {
  security_group_id            = aws_security_group.balancer_group.id
  referenced_security_group_id = aws_security_group.instance_group.id
  description                  = "HTTPS to the instances"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_security_group" "instance_group" {
  name        = "${var.name}-instances"
  description = "Instances of the booking site"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "instances_from_balancer" {
  security_group_id            = aws_security_group.instance_group.id
  referenced_security_group_id = aws_security_group.balancer_group.id
  description                  = "HTTPS from the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "instances_to_aws" {
  security_group_id = aws_security_group.instance_group.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "AWS services and package repositories through the NAT gateways"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "AccountAdministersKey"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${local.account}:root"]
    }
  }

  statement {
    sid       = "LogsEncrypt"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:aws:logs:${var.region}:${local.account}:log-group:/${var.name}/*"]
    }
  }
}

resource "aws_kms_key" "key" {
  description             = "Logs of ${var.name}"
  policy                  = data.aws_iam_policy_document.key.json
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_cloudwatch_log_group" "flow_log_group" {
  name              = "/${var.name}/flow-logs"
  retention_in_days = 365
  kms_key_id        = aws_kms_key.key.arn
  skip_destroy      = true
}
