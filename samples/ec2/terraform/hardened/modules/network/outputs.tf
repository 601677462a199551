output "vpc_id" {
  value = aws_vpc.vpc.id
}

output "private_subnets" {
  description = "Subnet ids by zone letter"
  value       = { for zone, subnet in aws_subnet.private_subnet : zone => subnet.id }
}

output "endpoint_group" {
  value = aws_security_group.endpoint_group.id
}

output "s3_prefix_list" {
  value = aws_vpc_endpoint.s3_endpoint.prefix_list_id
}
