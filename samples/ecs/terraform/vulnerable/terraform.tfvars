name = "orders"

cluster_settings = {
  containerInsights = "disabled" # Fault: nobody sees tasks fail.
}
