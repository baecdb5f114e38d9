worker {
  count = 3
