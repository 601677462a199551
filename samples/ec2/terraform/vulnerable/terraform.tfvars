environment      = "prod"
target_group_arn = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop-workers/0123456789abcdef"

servers = {
  app   = "m5.large"
  batch = "m5.xlarge"
}
