data "aws_ami" "amazon_linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

module "server" {
  source   = "./modules/server"
  for_each = var.servers

  name             = "${local.name}-${each.key}"
  instance_type    = each.value.instance_type
  image_id         = data.aws_ami.amazon_linux.id
  subnet_id        = module.network.private_subnets[each.value.zone]
  security_groups  = [aws_security_group.app_group.id]
  instance_profile = aws_iam_instance_profile.server_profile.name
  key              = aws_kms_key.key.arn
}

module "database" {
  source = "./modules/server"

  name             = "${local.name}-database"
  instance_type    = "m6i.large"
  image_id         = data.aws_ami.amazon_linux.id
  subnet_id        = module.network.private_subnets["a"]
  security_groups  = [aws_security_group.database_group.id]
  instance_profile = aws_iam_instance_profile.server_profile.name
  key              = aws_kms_key.key.arn

  user_data = <<-EOT
    #!/bin/bash
    systemctl enable --now postgresql
  EOT
}

resource "aws_ebs_volume" "database_volume" {
  availability_zone = "${var.region}a"
  size              = 100
  type              = "gp3"
  encrypted         = true
  kms_key_id        = aws_kms_key.key.arn

  tags = { Backup = "daily" }
}

resource "aws_volume_attachment" "database_volume_attachment" {
  device_name = "/dev/sdf"
  instance_id = module.database.id
  volume_id   = aws_ebs_volume.database_volume.id
}

resource "aws_launch_template" "worker_template" {
  name_prefix   = "${local.name}-worker-"
  image_id      = data.aws_ami.amazon_linux.id
  instance_type = "m6i.large"
  ebs_optimized = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.server_profile.arn
  }

  network_interfaces {
    associate_public_ip_address = false
    delete_on_termination       = true
    security_groups             = [aws_security_group.app_group.id]
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 30
      encrypted             = true
      kms_key_id            = aws_kms_key.key.arn
      delete_on_termination = true
    }
  }
}

resource "aws_autoscaling_group" "workers" {
  name_prefix           = "${local.name}-worker-"
  min_size              = 2
  max_size              = 6
  vpc_zone_identifier   = values(module.network.private_subnets)
  health_check_type     = "ELB"
  target_group_arns     = [var.target_group_arn]
  max_instance_lifetime = 604800

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.worker_template.id
        version            = aws_launch_template.worker_template.latest_version
      }

      dynamic "override" {
        for_each = ["m6i.large", "m7i.large"]

        content {
          instance_type = override.value
        }
      }
    }
  }

  tag {
    key                 = "Name"
    value               = "${local.name}-worker"
    propagate_at_launch = true
  }
}
