edge {
}
