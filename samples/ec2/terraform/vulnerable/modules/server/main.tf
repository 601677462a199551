resource "aws_instance" "server" {
  ami                    = var.image_id
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = var.security_groups
  iam_instance_profile   = var.instance_profile

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = var.metadata_tokens
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 30
    encrypted   = var.encrypt_root_disk
  }

  tags = { Name = var.name }
}
