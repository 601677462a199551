name              = "orders"
database_secret   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/database-a1b2c3"
certificate       = "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
access_log_bucket = "example-central-access-logs"

image_digests = {
  web   = "sha256:94a00394bc5a8ef503fb59db0a7d0ae9e1110866e8aee8ba40cd864cea69ea1a"
  agent = "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
}
