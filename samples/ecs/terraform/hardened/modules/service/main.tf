# One Fargate service: no privileges, no root, nothing to write to but a scratch volume.

locals {
  mounts = concat(
    [{ sourceVolume = "scratch", containerPath = "/tmp", readOnly = false }],
    var.shared_files == null ? [] : [{ sourceVolume = "shared", containerPath = "/shared", readOnly = false }],
  )
}

resource "aws_ecs_task_definition" "task" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  task_role_arn            = var.task_role
  execution_role_arn       = var.execution_role

  container_definitions = jsonencode([{
    name                   = var.name
    image                  = var.image
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = var.port, protocol = "tcp" }]
    environment            = [for key, value in var.environment : { name = key, value = value }]
    secrets                = [for key, value in var.secrets : { name = key, valueFrom = value }]
    mountPoints            = local.mounts

    linuxParameters = {
      initProcessEnabled = true
      capabilities       = { drop = ["ALL"] }
    }

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.log_group
        awslogs-region        = var.region
        awslogs-stream-prefix = "task"
        mode                  = "non-blocking"
        max-buffer-size       = "25m"
      }
    }

    healthCheck = {
      command  = ["CMD", "/bin/healthy"]
      interval = 30
      retries  = 3
      timeout  = 5
    }
  }])

  volume {
    name = "scratch"
  }

  dynamic "volume" {
    for_each = var.shared_files == null ? [] : [var.shared_files]

    content {
      name = "shared"

      efs_volume_configuration {
        file_system_id     = volume.value.file_system
        transit_encryption = "ENABLED"

        authorization_config {
          access_point_id = volume.value.access_point
          iam             = "ENABLED"
        }
      }
    }
  }
}

resource "aws_ecs_service" "service" {
  name                               = var.name
  cluster                            = var.cluster
  task_definition                    = aws_ecs_task_definition.task.arn
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  desired_count                      = var.desired_count
  deployment_minimum_healthy_percent = 100
  enable_execute_command             = false
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnets
    security_groups  = [var.security_group]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = var.target_group[*]

    content {
      target_group_arn = load_balancer.value
      container_name   = var.name
      container_port   = var.port
    }
  }
}
