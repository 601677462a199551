variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "project" {
  type    = string
  default = "shop"
}

variable "environment" {
  type    = string
  default = "dev"
}

variable "vpc_cidr" {
  type    = string
  default = "10.20.0.0/16"
}

variable "zones" {
  type    = list(string)
  default = ["a", "b"]
}

variable "servers" {
  description = "Servers by name"
  type = map(object({
    instance_type = string
    zone          = string
  }))
}

variable "assets_bucket" {
  description = "Bucket with what the servers install"
  type        = string
}

variable "target_group_arn" {
  description = "Target group of the shared load balancer"
  type        = string
}

variable "load_balancer_group" {
  description = "Security group of the shared load balancer"
  type        = string
}
