variable "name" {
  type = string
}

variable "instance_type" {
  type = string
}

variable "image_id" {
  type = string
}

variable "subnet_id" {
  type = string
}

variable "security_groups" {
  type = list(string)
}

variable "instance_profile" {
  type = string
}

variable "key" {
  description = "KMS key of the disks"
  type        = string
}

variable "user_data" {
  type    = string
  default = null
}
