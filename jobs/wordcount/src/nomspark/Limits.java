package nomspark;

/**
 * The sizes that decide how the work is cut up. They are parameters, not constants, so that the
 * self check can run every path on a few kilobytes.
 *
 * @param rangeBytes most input bytes per task; enough work to be worth a task, small enough to keep
 *     all cores busy until the end
 * @param smallBytes inputs up to this size are counted, merged and sorted by one task without a
 *     shuffle, which saves most of the run time after start-up
 * @param tableBytes bytes of distinct words a task holds before it passes them on
 * @param tableWords number of distinct words a task holds before it passes them on
 * @param sortBytes most bytes of counted words per sorted partition; the driver holds one such
 *     partition at a time
 */
record Limits(long rangeBytes, long smallBytes, int tableBytes, int tableWords, long sortBytes) {
  private static final int MIB = 1 << 20;

  /** Fits two tasks at a time into an executor of 512 MiB. */
  static final Limits DEFAULT = new Limits(16 * MIB, 4 * MIB, 32 * MIB, 1 << 20, 16 * MIB);

  /** In how many pieces of at most {@code pieceBytes} a text of {@code bytes} falls, at least 1. */
  static int pieces(long bytes, long pieceBytes) {
    return (int) Math.max(1, (bytes + pieceBytes - 1) / pieceBytes);
  }
}
