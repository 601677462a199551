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

variable "web_image" {
  type    = string
  default = "nginx:latest" # Fault: whatever Docker Hub serves as latest today.
}

variable "scan_images" {
  type    = bool
  default = false # Fault: images are not searched for known vulnerabilities.
}

variable "cluster_settings" {
  type    = map(string)
  default = {}
}
