variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "name" {
  type    = string
  default = "bookings"
}

variable "stage" {
  type    = string
  default = "prod"
}

variable "company_cidr" {
  description = "Network of the people who use the site"
  type        = string
  default     = "10.8.0.0/20"
}

variable "certificate" {
  description = "ARN of the certificate of the site"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket of the organisation for access logs"
  type        = string
}

variable "environment_variables" {
  type    = map(string)
  default = {}
}

variable "environment_secrets" {
  description = "ARN of a secret by the name of the variable that shows it"
  type        = map(string)
  default     = {}
}
