# Fault: nothing records the traffic of this network (no flow log).
resource "aws_vpc" "vpc" {
  cidr_block           = "10.40.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "subnet" {
  for_each = { a = 0, b = 1 }

  vpc_id            = aws_vpc.vpc.id
  cidr_block        = cidrsubnet(aws_vpc.vpc.cidr_block, 8, each.value)
  availability_zone = "${var.region}${each.key}"
  # Fault: every node gets a public address.
  map_public_ip_on_launch = true

  tags = { "kubernetes.io/cluster/${var.name}" = "shared" }
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "default_route" {
  route_table_id         = aws_route_table.routes.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "subnet_routes" {
  for_each = aws_subnet.subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.routes.id
}

resource "aws_security_group" "cluster_group" {
  name        = "${var.name}-cluster"
  description = "Control plane"
  vpc_id      = aws_vpc.vpc.id

  ingress {
    description = "Kubelet metrics for the monitoring service"
    protocol    = "tcp"
    from_port   = 10250
    to_port     = 10250
    # Fault: the kubelets answer the whole internet.
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    description = "Anything"
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
