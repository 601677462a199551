variable "name" {
  type = string
}

variable "cluster" {
  type = string
}

variable "image" {
  type = string
}

variable "role" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "security_group" {
  type = string
}

variable "public_ip" {
  type    = bool
  default = false
}

variable "target_group_arn" {
  type = string
}

variable "environment" {
  type    = map(string)
  default = {}
}
