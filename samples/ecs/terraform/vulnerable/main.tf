# Orders: a public web front on Fargate and a build agent on EC2 container instances.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80"
    }
  }
}

provider "aws" {
  region = var.region
}

locals {
  zones = ["${var.region}a", "${var.region}b"]
}

resource "aws_ecr_repository" "repository" {
  name = "${var.name}/web"
  # Fault: a tag can be moved to another image after it was reviewed.
  image_tag_mutability = "MUTABLE"

  image_scanning_configuration {
    scan_on_push = var.scan_images
  }
}

resource "aws_ecs_cluster" "cluster" {
  name = var.name

  configuration {
    execute_command_configuration {
      # Fault: what people type into running containers is recorded nowhere.
      logging = "NONE"
    }
  }

  dynamic "setting" {
    for_each = var.cluster_settings

    content {
      name  = setting.key
      value = setting.value
    }
  }
}

module "web" {
  source = "./modules/service"

  name             = "${var.name}-web"
  cluster          = aws_ecs_cluster.cluster.arn
  image            = var.web_image
  role             = aws_iam_role.task_role.arn
  subnets          = aws_subnet.public_subnet[*].id
  security_group   = aws_security_group.web_group.id
  public_ip        = true # Fault: every task has a public address, past the load balancer.
  target_group_arn = aws_lb_target_group.web_targets.arn

  environment = {
    DATABASE_HOST = "orders.internal.example.com"
    DATABASE_USER = "orders"
    # Fault: the password stands in the task definition, for everybody who may describe it.
    DATABASE_PASSWORD = "correct-horse-battery-staple"
  }

  depends_on = [aws_lb_listener.http]
}

resource "aws_ecs_task_definition" "agent" {
  family                   = "${var.name}-agent"
  requires_compatibilities = ["EC2"]
  # Fault: the containers share the network of the host.
  network_mode = "host"
  # Fault: the containers see and signal all processes of the host.
  pid_mode = "host"
  # Fault: the program runs with the rights to pull images and read secrets too.
  task_role_arn      = aws_iam_role.task_role.arn
  execution_role_arn = aws_iam_role.task_role.arn

  # Fault: no logConfiguration, so the output is lost with the container.
  container_definitions = jsonencode([{
    name       = "agent"
    image      = "jenkins/agent:latest" # Fault: whatever Docker Hub serves as latest today.
    essential  = true
    memory     = 1024
    privileged = true # Fault: root in this container is root on the host.
    user       = "root"

    mountPoints = [{ sourceVolume = "docker", containerPath = "/var/run/docker.sock", readOnly = false }]
  }])

  volume {
    name = "docker"
    # Fault: who reaches Docker's socket starts any container as root.
    host_path = "/var/run/docker.sock"
  }

  volume {
    name = "cache"

    efs_volume_configuration {
      file_system_id = aws_efs_file_system.cache.id
      # Fault: files cross the network in plain text.
      transit_encryption = "DISABLED"
    }
  }
}

resource "aws_ecs_service" "agent_service" {
  name            = "${var.name}-agent"
  cluster         = aws_ecs_cluster.cluster.arn
  task_definition = aws_ecs_task_definition.agent.arn
  launch_type     = "EC2"
  desired_count   = 1
}

resource "aws_efs_file_system" "cache" {
  # Fault: the file system is not encrypted.
  encrypted = false
}

resource "aws_efs_mount_target" "cache_mount" {
  count = length(local.zones)

  file_system_id  = aws_efs_file_system.cache.id
  subnet_id       = aws_subnet.public_subnet[count.index].id
  security_groups = [aws_security_group.web_group.id]
}

resource "aws_launch_template" "container_instance" {
  name_prefix   = "${var.name}-"
  image_id      = data.aws_ssm_parameter.ecs_image.value
  instance_type = "m5.large"

  metadata_options {
    # Fault: any container can ask for the credentials of the host.
    http_tokens                 = "optional"
    http_put_response_hop_limit = 2
  }

  user_data = base64encode(<<-EOT
    #!/bin/bash
    echo "ECS_CLUSTER=${var.name}" >> /etc/ecs/ecs.config
  EOT
  )
}

data "aws_ssm_parameter" "ecs_image" {
  # Fault: the Amazon Linux 2 image gets no security updates any more.
  name = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id"
}

resource "aws_autoscaling_group" "container_instances" {
  name_prefix         = "${var.name}-"
  min_size            = 1
  max_size            = 2
  vpc_zone_identifier = aws_subnet.public_subnet[*].id

  launch_template {
    id      = aws_launch_template.container_instance.id
    version = "$Latest"
  }
}
