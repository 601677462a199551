resource "aws_security_group" "app_group" {
  name        = "${local.name}-app"
  description = "Application servers and workers"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "app_from_load_balancer" {
  security_group_id            = aws_security_group.app_group.id
  referenced_security_group_id = var.load_balancer_group
  description                  = "HTTPS from the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "app_to_endpoints" {
  security_group_id            = aws_security_group.app_group.id
  referenced_security_group_id = module.network.endpoint_group
  description                  = "AWS services through private endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "app_to_s3" {
  security_group_id = aws_security_group.app_group.id
  prefix_list_id    = module.network.s3_prefix_list
  description       = "Assets in S3"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "app_to_database" {
  security_group_id            = aws_security_group.app_group.id
  referenced_security_group_id = aws_security_group.database_group.id
  description                  = "PostgreSQL"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_security_group" "database_group" {
  name        = "${local.name}-database"
  description = "PostgreSQL"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "database_from_app" {
  security_group_id            = aws_security_group.database_group.id
  referenced_security_group_id = aws_security_group.app_group.id
  description                  = "PostgreSQL from the application servers"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_vpc_security_group_egress_rule" "database_to_endpoints" {
  security_group_id            = aws_security_group.database_group.id
  referenced_security_group_id = module.network.endpoint_group
  description                  = "AWS services through private endpoints"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
