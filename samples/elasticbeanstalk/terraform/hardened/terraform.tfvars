certificate       = "arn:aws:acm:eu-west-1:111122223333:certificate/12345678-1234-1234-1234-123456789012"
access_log_bucket = "example-central-access-logs"

environment_variables = {
  LOG_LEVEL = "info"
}

environment_secrets = {
  DATABASE_URL      = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:bookings/database-a1b2c3"
  PAYMENT_API_TOKEN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:bookings/payment-d4e5f6"
}
