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

resource "aws_iam_role_policy_attachment" "server_admin" {
  role = aws_iam_role.server_role.name
  # Fault: whoever takes over one server administers the account.
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

data "aws_iam_policy_document" "deployer" {
  # Fault: all of S3, and any role may be handed to a new instance.
  statement {
    actions   = ["s3:*", "ec2:RunInstances", "iam:PassRole"]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "deployer_policy" {
  name   = "${local.name}-deployer"
  policy = data.aws_iam_policy_document.deployer.json
}

resource "aws_iam_role_policy_attachment" "server_deployer" {
  role       = aws_iam_role.server_role.name
  policy_arn = aws_iam_policy.deployer_policy.arn
}

resource "aws_iam_instance_profile" "server_profile" {
  name = "${local.name}-server"
  role = aws_iam_role.server_role.name
}
