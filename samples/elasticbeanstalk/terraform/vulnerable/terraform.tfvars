environment_variables = {
  LOG_LEVEL = "info"
  # Fault: a token that everybody reads who may describe the environment.
  PAYMENT_API_TOKEN = "correct-horse-battery-staple"
}
