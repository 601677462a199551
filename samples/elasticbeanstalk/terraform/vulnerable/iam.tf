locals {
  roles = {
    service  = "elasticbeanstalk.amazonaws.com"
    instance = "ec2.amazonaws.com"
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }
  }
}

resource "aws_iam_role" "service_role" {
  name               = "${var.name}-service"
  assume_role_policy = data.aws_iam_policy_document.trust["service"].json
}

resource "aws_iam_role_policy_attachment" "service_rights" {
  role = aws_iam_role.service_role.name
  # Fault: AWS withdrew this policy because it allows too much.
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSElasticBeanstalkService"
}

resource "aws_iam_role" "instance_role" {
  name               = "${var.name}-instance"
  assume_role_policy = data.aws_iam_policy_document.trust["instance"].json
}

resource "aws_iam_role_policy_attachment" "instance_rights" {
  role = aws_iam_role.instance_role.name
  # Fault: whoever takes over one instance administers Elastic Beanstalk and all it uses.
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess-AWSElasticBeanstalk"
}

resource "aws_iam_instance_profile" "instance_profile" {
  name = "${var.name}-instance"
  role = aws_iam_role.instance_role.name
}
