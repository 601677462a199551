node_groups = {
  general = {
    instance_types = ["m5.large"]
    size           = 2
  }

  debug = {
    instance_types = ["t3.large"]
    size           = 1
    ssh            = true
  }
}
