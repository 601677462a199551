resource "aws_instance" "server" {
  ami                         = var.image_id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  associate_public_ip_address = false
  vpc_security_group_ids      = var.security_groups
  iam_instance_profile        = var.instance_profile
  user_data                   = var.user_data
  ebs_optimized               = true
  monitoring                  = true
  disable_api_termination     = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = 30
    encrypted             = true
    kms_key_id            = var.key
    delete_on_termination = true
  }

  tags = { Name = var.name }
}

output "id" {
  value = aws_instance.server.id
}
