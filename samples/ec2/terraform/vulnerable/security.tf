resource "aws_security_group" "app_group" {
  name        = "${local.name}-app"
  description = "Application servers"
  vpc_id      = aws_vpc.vpc.id

  dynamic "ingress" {
    for_each = var.app_ports

    content {
      description = "${ingress.key} from administrators and customers"
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = var.allowed_cidrs
    }
  }

  egress {
    description = "Anything"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "database_group" {
  name        = "${local.name}-database"
  description = "PostgreSQL"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_vpc_security_group_ingress_rule" "database_from_anywhere" {
  security_group_id = aws_security_group.database_group.id
  description       = "PostgreSQL for the reporting tool"
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  # Fault: the database port is open to the whole internet.
  cidr_ipv4 = "0.0.0.0/0"
}
