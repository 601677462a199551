data "aws_iam_policy_document" "server_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "server_role" {
  name               = "${local.name}-server"
  assume_role_policy = data.aws_iam_policy_document.server_trust.json
}

resource "aws_iam_role_policy_attachment" "server_session_manager" {
  role       = aws_iam_role.server_role.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

data "aws_iam_policy_document" "assets" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${var.assets_bucket}/*"]
  }

  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["arn:aws:secretsmanager:${var.region}:${local.account}:secret:${local.name}/database-*"]
  }
}

resource "aws_iam_policy" "assets_policy" {
  name   = "${local.name}-assets"
  policy = data.aws_iam_policy_document.assets.json
}

resource "aws_iam_role_policy_attachment" "server_assets" {
  role       = aws_iam_role.server_role.name
  policy_arn = aws_iam_policy.assets_policy.arn
}

resource "aws_iam_instance_profile" "server_profile" {
  name = "${local.name}-server"
  role = aws_iam_role.server_role.name
}
