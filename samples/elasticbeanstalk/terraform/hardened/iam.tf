data "aws_iam_policy_document" "service_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["elasticbeanstalk.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = ["elasticbeanstalk"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "service_role" {
  name               = "${var.name}-service"
  assume_role_policy = data.aws_iam_policy_document.service_trust.json
}

resource "aws_iam_role_policy_attachment" "service_rights" {
  for_each = toset([
    "service-role/AWSElasticBeanstalkEnhancedHealth",
    "AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
  ])

  role       = aws_iam_role.service_role.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

data "aws_iam_policy_document" "instance_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "instance_role" {
  name               = "${var.name}-instance"
  assume_role_policy = data.aws_iam_policy_document.instance_trust.json
}

# What the platform needs of this application alone, in place of AWSElasticBeanstalkWebTier.
data "aws_iam_policy_document" "instance" {
  statement {
    sid       = "ReadVersionsWriteLogs"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::elasticbeanstalk-${var.region}-${local.account}/resources/environments/*", "arn:aws:s3:::elasticbeanstalk-${var.region}-${local.account}/${var.name}/*"]
  }

  statement {
    sid       = "StreamLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["arn:aws:logs:${var.region}:${local.account}:log-group:/aws/elasticbeanstalk/${var.name}-${var.stage}/*"]
  }

  statement {
    sid       = "ReportHealth"
    actions   = ["elasticbeanstalk:PutInstanceStatistics"]
    resources = ["arn:aws:elasticbeanstalk:${var.region}:${local.account}:environment/${var.name}/*"]
  }

  # X-Ray knows no resources for these.
  statement {
    sid       = "Trace"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }

  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(var.environment_secrets)
  }
}

resource "aws_iam_policy" "instance_policy" {
  name   = "${var.name}-instance"
  policy = data.aws_iam_policy_document.instance.json
}

resource "aws_iam_role_policy_attachment" "instance_rights" {
  role       = aws_iam_role.instance_role.name
  policy_arn = aws_iam_policy.instance_policy.arn
}

resource "aws_iam_instance_profile" "instance_profile" {
  name = "${var.name}-instance"
  role = aws_iam_role.instance_role.name
}
