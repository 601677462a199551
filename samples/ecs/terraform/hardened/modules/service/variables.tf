variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "cluster" {
  type = string
}

variable "image" {
  description = "Image by digest"
  type        = string

  validation {
    condition     = strcontains(var.image, "@sha256:")
    error_message = "An image is named by its digest."
  }
}

variable "port" {
  type = number
}

variable "desired_count" {
  type = number
}

variable "task_role" {
  type = string
}

variable "execution_role" {
  type = string
}

variable "subnets" {
  type = list(string)
}

variable "security_group" {
  type = string
}

variable "target_group" {
  type    = string
  default = null
}

variable "log_group" {
  type = string
}

variable "environment" {
  type    = map(string)
  default = {}
}

variable "secrets" {
  description = "ARN of a secret by the name of the variable that shows it"
  type        = map(string)
  default     = {}
}

variable "shared_files" {
  type = object({
    file_system  = string
    access_point = string
  })
  default = null
}
