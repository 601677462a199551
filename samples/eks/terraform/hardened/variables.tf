variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "name" {
  type    = string
  default = "teams"
}

variable "kubernetes_version" {
  type    = string
  default = "1.36"
}

variable "company_cidr" {
  description = "Network of colleagues and of the pipeline"
  type        = string
  default     = "10.8.0.0/20"
}

variable "uploads_bucket" {
  type = string
}

variable "node_groups" {
  type = map(object({
    instance_types = list(string)
    size           = number
  }))
}
