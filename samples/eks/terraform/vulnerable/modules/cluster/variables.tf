variable "name" {
  type = string
}

variable "kubernetes_version" {
  type = string
}

variable "role" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "security_groups" {
  type = list(string)
}

variable "log_types" {
  type    = list(string)
  default = ["api"]
}

variable "public_access_cidrs" {
  type = list(string)
}
