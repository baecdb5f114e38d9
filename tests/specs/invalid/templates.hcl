name = "${upper("x")}"

conf = {
  "spark.a" = "$${kept} and ${lost} and %{ if true }also lost%{ endif }"
  "spark.b" = <<-EOT
    line
      ${lost}
  EOT
  "spark.${c}" = "x"
}
