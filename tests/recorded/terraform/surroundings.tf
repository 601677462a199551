resource "terraform_data" "u" { input = "x" }
resource "terraform_data" "m" {
  count = 2
  input = "x${count.index}"
}
resource "terraform_data" "e" {
  for_each = { a = 1, b = 2 }
  input = each.value
}
variable "s" {
  type = string
  default = "hello"
}
variable "ls" {
  type = list(string)
  default = ["b","a","c"]
}
variable "le" {
  type = list(string)
  default = []
}
variable "ms" {
  type = map(string)
  default = { k = "v", a = "1" }
}
variable "me" {
  type = map(string)
  default = {}
}
variable "ss" {
  type = set(string)
  default = ["z","y"]
}
variable "sn" {
  type = set(number)
  default = [10,9,1]
}
variable "o" {
  type = object({ a = string, b = optional(number, 5), c = optional(list(string)) })
  default = { a = "x" }
}
variable "lo" {
  type = list(object({ n = string, p = optional(number), q = optional(bool, true) }))
  default = [{ n = "one" }, { n = "two", p = 2, q = null }]
}
variable "null" { default = null }
variable "ns" {
  type = string
  default = null
}
variable "nl" {
  type = list(string)
  default = null
}
variable "nn" {
  type = number
  default = null
}
variable "tt" {
  type = tuple([string, number])
  default = ["a", 1]
}
locals {
  u = terraform_data.u.output
  id = terraform_data.u.id
  o = { a = 1, b = { c = [1,2,{d="e"}] } }
}
