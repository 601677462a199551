variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "name" {
  type    = string
  default = "orders"
}

variable "vpc_cidr" {
  type    = string
  default = "10.30.0.0/16"
}

variable "company_cidr" {
  description = "Network of the people who use the web front"
  type        = string
  default     = "10.8.0.0/20"
}

variable "image_digests" {
  description = "What runs, to the bit"
  type = object({
    web   = string
    agent = string
  })
}

variable "database_secret" {
  description = "ARN of the secret with the password of the database"
  type        = string
}

variable "certificate" {
  description = "ARN of the certificate of the web front"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket of the organisation for access logs"
  type        = string
}
