variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "account" {
  description = "Account whose flow logs are delivered"
  type        = string
}

variable "cidr" {
  type = string
}

variable "zones" {
  description = "Letters of the availability zones"
  type        = list(string)
}

variable "flow_log_group" {
  description = "ARN of the log group of the flow logs"
  type        = string
}
