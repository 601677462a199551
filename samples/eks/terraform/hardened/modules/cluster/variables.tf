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

variable "key" {
  description = "KMS key of the Kubernetes secrets"
  type        = string
}
