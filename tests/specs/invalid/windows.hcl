worker {
  "日本" = 1
}
