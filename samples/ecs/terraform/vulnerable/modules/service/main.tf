resource "aws_ecs_task_definition" "task" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  # Fault: the program runs with the rights to pull images and read secrets too.
  task_role_arn      = var.role
  execution_role_arn = var.role

  # Fault: no user and a writable root file system: the program runs as root and can change itself.
  container_definitions = jsonencode([{
    name         = var.name
    image        = var.image
    essential    = true
    portMappings = [{ containerPort = 8080, protocol = "tcp" }]
    environment  = [for key, value in var.environment : { name = key, value = value }]
  }])
}

resource "aws_ecs_service" "service" {
  name            = var.name
  cluster         = var.cluster
  task_definition = aws_ecs_task_definition.task.arn
  launch_type     = "FARGATE"
  # Fault: an old platform that gets no fixes.
  platform_version = "1.3.0"
  desired_count    = 2
  # Fault: a shell in every container for whoever may call ecs:ExecuteCommand.
  enable_execute_command = true

  network_configuration {
    subnets          = var.subnets
    security_groups  = [var.security_group]
    assign_public_ip = var.public_ip
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = var.name
    container_port   = 8080
  }
}
