data "aws_ami" "amazon_linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name = "name"
    # Fault: Amazon Linux 2 gets no security updates any more.
    values = ["amzn2-ami-hvm-*-x86_64-gp2"]
  }
}

module "server" {
  source   = "./modules/server"
  for_each = var.servers

  name              = "${local.name}-${each.key}"
  instance_type     = each.value
  image_id          = data.aws_ami.amazon_linux.id
  subnet_id         = aws_subnet.subnet.id
  security_groups   = [aws_security_group.app_group.id]
  instance_profile  = aws_iam_instance_profile.server_profile.name
  metadata_tokens   = "optional" # Fault: IMDSv1 lets a forged request read the role's credentials.
  encrypt_root_disk = var.encrypt_disks
}

resource "aws_instance" "database" {
  ami           = data.aws_ami.amazon_linux.id
  instance_type = "m5.large"
  subnet_id     = aws_subnet.subnet.id
  # Fault: the database server has a public address.
  associate_public_ip_address = true
  vpc_security_group_ids      = [aws_security_group.database_group.id]
  iam_instance_profile        = aws_iam_instance_profile.server_profile.name

  metadata_options {
    http_tokens = "required"
    # Fault: two more network hops reach the metadata service, containers for instance.
    http_put_response_hop_limit = 3
  }

  root_block_device {
    encrypted = var.encrypt_disks
  }

  # Fault: a script from the internet runs as root, unchecked.
  # Fault: a password in user data can be read by whoever may describe the instance.
  user_data = <<-EOT
    #!/bin/bash
    curl -s http://downloads.example.com/install.sh | bash
    export PGPASSWORD=correct-horse-battery-staple
    createdb shop
  EOT

  tags = { Name = "${local.name}-database" }
}

resource "aws_ebs_volume" "database_volume" {
  availability_zone = aws_subnet.subnet.availability_zone
  size              = 100
  type              = "gp3"
  encrypted         = var.encrypt_disks
}

resource "aws_volume_attachment" "database_volume_attachment" {
  device_name = "/dev/sdf"
  instance_id = aws_instance.database.id
  volume_id   = aws_ebs_volume.database_volume.id
}

# Fault: no metadata options, so IMDSv1 answers.
resource "aws_launch_template" "worker_template" {
  name_prefix   = "${local.name}-worker-"
  image_id      = data.aws_ami.amazon_linux.id
  instance_type = "m5.large"

  iam_instance_profile {
    name = aws_iam_instance_profile.server_profile.name
  }

  network_interfaces {
    # Fault: every worker gets a public address.
    associate_public_ip_address = true
    security_groups             = [aws_security_group.app_group.id]
  }
}

# Fault: one subnet, so one zone: it fails, all workers fail.
resource "aws_autoscaling_group" "workers" {
  name_prefix         = "${local.name}-worker-"
  min_size            = 1
  max_size            = 3
  vpc_zone_identifier = [aws_subnet.subnet.id]
  # Fault: a worker that hangs but answers pings is never replaced.
  health_check_type = "EC2"
  target_group_arns = [var.target_group_arn]

  launch_template {
    id      = aws_launch_template.worker_template.id
    version = "$Latest"
  }
}
