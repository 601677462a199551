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

variable "key_name" {
  type    = string
  default = "operations"
}

variable "require_imdsv2" {
  type    = bool
  default = false
}

variable "database_password" {
  type = string
  # Fault: a password as a default, not even marked as sensitive.
  default = "correct-horse-battery-staple"
}

variable "environment_variables" {
  type    = map(string)
  default = {}
}
