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

variable "app_ports" {
  description = "Ports of the application servers by name"
  type        = map(number)
  default = {
    HTTPS = 443
    SSH   = 22
    RDP   = 3389
  }
}

variable "allowed_cidrs" {
  type    = list(string)
  default = ["0.0.0.0/0"] # Fault: SSH and RDP are open to the whole internet.
}

variable "servers" {
  description = "Instance type by server"
  type        = map(string)
}

variable "encrypt_disks" {
  type    = bool
  default = false # Fault: disks are written in plain text unless somebody thinks of it.
}

variable "target_group_arn" {
  description = "Target group of the shared load balancer"
  type        = string
}
