worker {
  count = 5
}
