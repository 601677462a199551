terraform {
  required_providers {
    terraform = { source = "terraform.io/builtin/terraform" }
  }
}
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
locals {
  templates = {
    hello     = "Hello $${x}!"
    directive = "%%{ for v in l }<$${v}>%%{ endfor }"
    plain     = "nothing to fill in"
    broken    = "$${x"
    missing   = "$${nope} $${x}"
    calls     = "$${upper(x)}-$${length(l)}"
    number    = "$${x + 1}"
    alone     = "$${x}"
    marked    = "%%{ if x == 1 ~} one %%{ else ~} other %%{ endif ~} end"
  }
  t = {
    set_of_lists   = toset([["a", "b"], [], ["c"]])
    set_of_objects = toset([{ a = 1, b = "x" }, { a = 2, b = "y" }])
    map_of_lists   = tomap({ a = ["x", "y"], b = [] })
    list_of_maps   = tolist([{ a = "1" }, { b = "2", c = "3" }])
    numbers        = [3, 1.5, 2]
    truths         = [true, false]
    deep           = { a = [{ b = { c = ["x", { d = null }] } }], e = { f = toset([1, 2]) } }
  }
}
