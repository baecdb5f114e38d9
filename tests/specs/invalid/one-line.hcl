conf = { "spark.日本" = "x", "spark.a" = "a\u0000b", "spark.b" = 1 }
