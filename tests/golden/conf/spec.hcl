# Values that HCL, Nomad's templates or Java's properties could change on their way.
conf = {
  "spark.eventLog.enabled"  = "true"
  "spark.golden.backslash"  = "C:\\new\\table \\u0041 \\"
  "spark.golden.braces"     = "{{ key \"secret\" }} {{{x}}} }} {{"
  "spark.golden.directive"  = "%%{if true}yes%%{endif} 100%"
  "spark.golden.dollar"     = "$${NOMAD_ALLOC_ID} $(id) $HOME"
  "spark.golden.empty"      = ""
  "spark.golden.equals"     = "=a : b # c ! d"
  "spark.golden.heredoc"    = "EOT\nEOT"
  "spark.golden.lines"      = "one\ntwo\r\nthree\ttab"
  "spark.golden.quotes"     = "\"double\" 'single' `back`"
  "spark.golden.unicode"    = "Grüße, 東京 🚀 \u2028"
  "spark.golden.wild-*_key" = "x"
}
