data "aws_iam_policy_document" "trust" {
  for_each = toset(["eks", "ec2"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

# Services that act for us only when the call came from our account.
data "aws_iam_policy_document" "guarded_trust" {
  for_each = toset(["codebuild", "vpc-flow-logs"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "pod_trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:aws:eks:${var.region}:${local.account}:cluster/${var.name}"]
    }
  }
}

resource "aws_iam_role" "cluster_role" {
  name               = "${var.name}-cluster"
  assume_role_policy = data.aws_iam_policy_document.trust["eks"].json
}

resource "aws_iam_role_policy_attachment" "cluster_rights" {
  role       = aws_iam_role.cluster_role.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_iam_role" "node_role" {
  name               = "${var.name}-node"
  assume_role_policy = data.aws_iam_policy_document.trust["ec2"].json
}

resource "aws_iam_role_policy_attachment" "node_rights" {
  for_each = toset([
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
  ])

  role       = aws_iam_role.node_role.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_iam_role" "pipeline_role" {
  name               = "${var.name}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.guarded_trust["codebuild"].json
}

# One role for each component that calls AWS, so that the node needs none of their rights.
locals {
  pod_rights = {
    network  = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    storage  = "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    uploader = aws_iam_policy.uploader_policy.arn
  }
}

resource "aws_iam_role" "pod_role" {
  for_each = toset(["network", "storage", "uploader"])

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.pod_trust.json
}

resource "aws_iam_role_policy_attachment" "pod_rights" {
  for_each = local.pod_rights

  role       = aws_iam_role.pod_role[each.key].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "uploader" {
  statement {
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["arn:aws:s3:::${var.uploads_bucket}/*"]
  }
}

resource "aws_iam_policy" "uploader_policy" {
  name   = "${var.name}-uploader"
  policy = data.aws_iam_policy_document.uploader.json
}

resource "aws_iam_role" "flow_log_role" {
  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.guarded_trust["vpc-flow-logs"].json
}

data "aws_iam_policy_document" "flow_log" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.flow_log_group.arn}:*"]
  }
}

resource "aws_iam_policy" "flow_log_policy" {
  name   = "${var.name}-flow-logs"
  policy = data.aws_iam_policy_document.flow_log.json
}

resource "aws_iam_role_policy_attachment" "flow_log_writes" {
  role       = aws_iam_role.flow_log_role.name
  policy_arn = aws_iam_policy.flow_log_policy.arn
}
