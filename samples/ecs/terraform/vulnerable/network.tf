# Fault: nothing records the traffic of this network (no flow log).
resource "aws_vpc" "vpc" {
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true
}

resource "aws_subnet" "public_subnet" {
  count = length(local.zones)

  vpc_id            = aws_vpc.vpc.id
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, count.index)
  availability_zone = local.zones[count.index]
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "public_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "default_route" {
  route_table_id         = aws_route_table.public_routes.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "public_subnet_routes" {
  count = length(local.zones)

  subnet_id      = aws_subnet.public_subnet[count.index].id
  route_table_id = aws_route_table.public_routes.id
}

resource "aws_security_group" "web_group" {
  name        = "${var.name}-web"
  description = "Tasks and load balancer"
  vpc_id      = aws_vpc.vpc.id
}

resource "aws_security_group_rule" "web_from_anywhere" {
  security_group_id = aws_security_group.web_group.id
  type              = "ingress"
  description       = "Everything, until the ports are settled"
  protocol          = "tcp"
  from_port         = 0
  to_port           = 65535
  # Fault: every port is open to the whole internet.
  cidr_blocks = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "web_to_anywhere" {
  security_group_id = aws_security_group.web_group.id
  type              = "egress"
  description       = "Anything"
  protocol          = "-1"
  from_port         = 0
  to_port           = 0
  cidr_blocks       = ["0.0.0.0/0"]
}

# Fault: nobody will know who called (no access logs).
resource "aws_lb" "load_balancer" {
  name               = var.name
  load_balancer_type = "application"
  internal           = false
  security_groups    = [aws_security_group.web_group.id]
  subnets            = aws_subnet.public_subnet[*].id
  # Fault: malformed headers reach the program, and requests can be smuggled in them.
  drop_invalid_header_fields = false
}

resource "aws_lb_target_group" "web_targets" {
  name        = "${var.name}-web"
  vpc_id      = aws_vpc.vpc.id
  target_type = "ip"
  protocol    = "HTTP"
  port        = 8080

  health_check {
    path = "/health"
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.load_balancer.arn
  port              = 80
  # Fault: orders and sessions cross the internet in plain text.
  protocol = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web_targets.arn
  }
}
