# A booking site on Elastic Beanstalk with the database that came with it.

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

resource "aws_elastic_beanstalk_application" "application" {
  name        = var.name
  description = "Bookings"
}

locals {
  settings = {
    "aws:elasticbeanstalk:environment" = {
      EnvironmentType  = "LoadBalanced"
      LoadBalancerType = "application"
      ServiceRole      = aws_iam_role.service_role.arn
    }

    "aws:ec2:vpc" = {
      VPCId      = aws_vpc.vpc.id
      Subnets    = join(",", values(aws_subnet.subnet)[*].id)
      ELBSubnets = join(",", values(aws_subnet.subnet)[*].id)
      # Fault: the instances have public addresses.
      AssociatePublicIpAddress = "true"
    }

    "aws:autoscaling:launchconfiguration" = {
      IamInstanceProfile = aws_iam_instance_profile.instance_profile.name
      SecurityGroups     = aws_security_group.instance_group.id
      # Fault: a key without SSHSourceRestriction opens SSH to the whole internet.
      EC2KeyName = var.key_name
      # Fault: IMDSv1 lets a forged request read the role's credentials.
      DisableIMDSv1 = tostring(var.require_imdsv2)
    }

    "aws:autoscaling:asg" = {
      MinSize = "1" # Fault: one instance, so every fault of it is an outage.
      MaxSize = "2"
    }

    "aws:elasticbeanstalk:managedactions" = {
      # Fault: the platform is patched when somebody thinks of it.
      ManagedActionsEnabled = "false"
    }

    "aws:elasticbeanstalk:healthreporting:system" = {
      # Fault: health says only whether the load balancer gets an answer.
      SystemType = "basic"
    }

    "aws:elasticbeanstalk:cloudwatch:logs" = {
      # Fault: logs stay on the instances and die with them.
      StreamLogs = "false"
    }

    "aws:elasticbeanstalk:command" = {
      # Fault: a deployment stops the whole site.
      DeploymentPolicy = "AllAtOnce"
    }

    "aws:elbv2:listener:default" = {
      ListenerEnabled = "true"
      Protocol        = "HTTP"
    }

    "aws:elbv2:loadbalancer" = {
      # Fault: nobody will know who called.
      AccessLogsS3Enabled = "false"
    }

    "aws:rds:dbinstance" = {
      HasCoupledDatabase = "true"
      DBEngine           = "postgres"
      DBUser             = "admin"
      # Fault: the password of the database stands in the state and in the configuration of the environment.
      DBPassword = var.database_password
      # Fault: when the environment goes, the bookings go.
      DBDeletionPolicy = "Delete"
      # Fault: one zone fails, the database fails.
      MultiAZDatabase = "false"
    }
  }

  # One object for each option, as the resource wants them.
  options = flatten([
    for namespace, values in local.settings : [
      for name, value in values : { namespace = namespace, name = name, value = value }
    ]
  ])
}

resource "aws_elastic_beanstalk_environment" "environment" {
  name        = "${var.name}-${var.stage}"
  application = aws_elastic_beanstalk_application.application.name
  # Fault: a platform on Amazon Linux 2, which is retired.
  solution_stack_name = "64bit Amazon Linux 2 v3.5.9 running Python 3.8"

  # Fault: no listener speaks HTTPS: bookings and sessions cross the internet in plain text.
  dynamic "setting" {
    for_each = local.options

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }

  dynamic "setting" {
    for_each = var.environment_variables

    content {
      namespace = "aws:elasticbeanstalk:application:environment"
      name      = setting.key
      value     = setting.value
    }
  }
}
