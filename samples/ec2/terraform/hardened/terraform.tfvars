environment         = "prod"
assets_bucket       = "shop-prod-assets"
target_group_arn    = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/shop-workers/0123456789abcdef"
load_balancer_group = "sg-0123456789abcdef0"

servers = {
  app   = { instance_type = "m6i.large", zone = "a" }
  batch = { instance_type = "m6i.xlarge", zone = "b" }
}
