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
  default = "1.29" # Fault: this version gets no security fixes any more, not even paid ones.
}

variable "node_groups" {
  type = map(object({
    instance_types = list(string)
    size           = number
    ssh            = optional(bool, false)
  }))
}
