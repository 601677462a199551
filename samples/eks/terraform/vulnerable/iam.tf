data "aws_iam_policy_document" "trust" {
  for_each = toset(["eks", "ec2", "codebuild"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
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
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",                 # Fault: every pod that reaches the node's role can rewire the network.
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryFullAccess", # Fault: nodes may replace and delete images.
    "arn:aws:iam::aws:policy/AmazonS3FullAccess",                   # Fault: every pod on the node may read and delete all of S3.
  ])

  role       = aws_iam_role.node_role.name
  policy_arn = each.value
}

resource "aws_iam_role" "pipeline_role" {
  name               = "${var.name}-pipeline"
  assume_role_policy = data.aws_iam_policy_document.trust["codebuild"].json
}

resource "aws_iam_openid_connect_provider" "cluster_identity" {
  url            = module.cluster.issuer
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "uploader_trust" {
  # Fault: no condition names the service account, so every pod of the cluster can take this role.
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster_identity.arn]
    }
  }
}

resource "aws_iam_role" "uploader_role" {
  name               = "${var.name}-uploader"
  assume_role_policy = data.aws_iam_policy_document.uploader_trust.json
}

data "aws_iam_policy_document" "uploader" {
  # Fault: reads every secret and every object of the account.
  statement {
    actions   = ["s3:GetObject", "secretsmanager:GetSecretValue"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "uploader_policy" {
  name   = "${var.name}-uploader"
  policy = data.aws_iam_policy_document.uploader.json
}

resource "aws_iam_role_policy_attachment" "uploader_rights" {
  role       = aws_iam_role.uploader_role.name
  policy_arn = aws_iam_policy.uploader_policy.arn
}
