uploads_bucket = "example-teams-uploads"

node_groups = {
  general = {
    instance_types = ["m6i.large", "m7i.large"]
    size           = 3
  }

  debug = {
    instance_types = ["t3.large"]
    size           = 2
  }
}
