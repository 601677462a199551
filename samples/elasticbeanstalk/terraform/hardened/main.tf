# The same booking site, done right: instances nobody reaches but the load balancer, patched every week, watched, and with
# its database outside the environment.

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

data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

module "network" {
  source = "./modules/network"

  name           = var.name
  region         = var.region
  account        = local.account
  cidr           = "10.50.0.0/16"
  zones          = ["a", "b"]
  flow_log_group = aws_cloudwatch_log_group.flow_log_group.arn
}

# The platform without its version: managed updates move it on.
data "aws_elastic_beanstalk_solution_stack" "platform" {
  most_recent = true
  name_regex  = "^64bit Amazon Linux 2023 v[0-9.]+ running Python 3.13$"
}

resource "aws_elastic_beanstalk_application" "application" {
  name        = var.name
  description = "Bookings"

  appversion_lifecycle {
    service_role          = aws_iam_role.service_role.arn
    max_count             = 50
    delete_source_from_s3 = true
  }
}

locals {
  settings = {
    "aws:elasticbeanstalk:environment" = {
      EnvironmentType  = "LoadBalanced"
      LoadBalancerType = "application"
      ServiceRole      = aws_iam_role.service_role.arn
    }

    "aws:ec2:vpc" = {
      VPCId                    = module.network.vpc_id
      Subnets                  = join(",", module.network.private_subnets)
      ELBSubnets               = join(",", module.network.private_subnets)
      ELBScheme                = "internal"
      AssociatePublicIpAddress = "false"
    }

    "aws:autoscaling:launchconfiguration" = {
      IamInstanceProfile             = aws_iam_instance_profile.instance_profile.name
      SecurityGroups                 = aws_security_group.instance_group.id
      DisableDefaultEC2SecurityGroup = "true"
      DisableIMDSv1                  = "true"
      MonitoringInterval             = "1 minute"
    }

    "aws:autoscaling:asg" = {
      MinSize = "2"
      MaxSize = "6"
    }

    "aws:autoscaling:updatepolicy:rollingupdate" = {
      RollingUpdateEnabled = "true"
      RollingUpdateType    = "Immutable"
    }

    "aws:elasticbeanstalk:managedactions" = {
      ManagedActionsEnabled = "true"
      PreferredStartTime    = "Sun:03:00"
    }

    "aws:elasticbeanstalk:managedactions:platformupdate" = {
      UpdateLevel            = "minor"
      InstanceRefreshEnabled = "true"
    }

    "aws:elasticbeanstalk:healthreporting:system" = {
      SystemType                = "enhanced"
      EnhancedHealthAuthEnabled = "true"
    }

    "aws:elasticbeanstalk:cloudwatch:logs" = {
      StreamLogs        = "true"
      DeleteOnTerminate = "false"
      RetentionInDays   = "365"
    }

    "aws:elasticbeanstalk:cloudwatch:logs:health" = {
      HealthStreamingEnabled = "true"
      DeleteOnTerminate      = "false"
      RetentionInDays        = "365"
    }

    "aws:elasticbeanstalk:xray" = {
      XRayEnabled = "true"
    }

    "aws:elasticbeanstalk:command" = {
      DeploymentPolicy = "Immutable"
    }

    "aws:elasticbeanstalk:environment:process:default" = {
      Protocol        = "HTTPS"
      Port            = "443"
      HealthCheckPath = "/health"
    }

    "aws:elbv2:listener:default" = {
      ListenerEnabled = "false"
    }

    "aws:elbv2:listener:443" = {
      Protocol           = "HTTPS"
      SSLCertificateArns = var.certificate
      SSLPolicy          = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    }

    "aws:elbv2:loadbalancer" = {
      SecurityGroups       = aws_security_group.balancer_group.id
      ManagedSecurityGroup = aws_security_group.balancer_group.id
      AccessLogsS3Enabled  = "true"
      AccessLogsS3Bucket   = var.access_log_bucket
      AccessLogsS3Prefix   = var.name
    }

    "aws:elasticbeanstalk:application:environment"        = var.environment_variables
    "aws:elasticbeanstalk:application:environmentsecrets" = var.environment_secrets
  }

  # One object for each option, as the resource wants them.
  options = flatten([
    for namespace, values in local.settings : [
      for name, value in values : { namespace = namespace, name = name, value = value }
    ]
  ])
}

resource "aws_elastic_beanstalk_environment" "environment" {
  name                = "${var.name}-${var.stage}"
  application         = aws_elastic_beanstalk_application.application.name
  solution_stack_name = data.aws_elastic_beanstalk_solution_stack.platform.name

  dynamic "setting" {
    for_each = local.options

    content {
      namespace = setting.value.namespace
      name      = setting.value.name
      value     = setting.value.value
    }
  }
}
