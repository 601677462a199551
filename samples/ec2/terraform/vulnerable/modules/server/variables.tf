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

variable "metadata_tokens" {
  type    = string
  default = "required"
}

variable "encrypt_root_disk" {
  type    = bool
  default = true
}
