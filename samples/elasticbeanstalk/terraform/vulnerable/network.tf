# Fault: nothing records the traffic of this network (no flow log).
resource "aws_vpc" "vpc" {
  cidr_block           = "10.50.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_subnet" "subnet" {
  for_each = { a = "10.50.0.0/24", b = "10.50.1.0/24" }

  vpc_id            = aws_vpc.vpc.id
  cidr_block        = each.value
  availability_zone = "${var.region}${each.key}"
  # Fault: whatever starts in these subnets gets a public address.
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route_table" "routes" {
  vpc_id = aws_vpc.vpc.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.internet_gateway.id
  }
}

resource "aws_route_table_association" "subnet_routes" {
  for_each = aws_subnet.subnet

  subnet_id      = each.value.id
  route_table_id = aws_route_table.routes.id
}

resource "aws_security_group" "instance_group" {
  name        = "${var.name}-instances"
  description = "Instances of the booking site"
  vpc_id      = aws_vpc.vpc.id

  ingress {
    description = "The site, past the load balancer as well"
    protocol    = "tcp"
    from_port   = 8080
    to_port     = 8080
    # Fault: the instances answer the whole internet, not the load balancer alone.
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
