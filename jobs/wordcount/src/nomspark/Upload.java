package nomspark;

import java.io.File;
import java.util.concurrent.TimeUnit;

/**
 * Waits for a file that another program is writing beside the driver. It is written as FILE.part and
 * renamed when complete, so FILE is never seen half written.
 */
final class Upload {
  /** How often to look, in milliseconds. */
  private static final long LOOK_EVERY = 20;

  private Upload() {}

  /**
   * Returns when the file is there.
   *
   * @param timeout how long FILE.part may neither appear nor grow, in seconds
   */
  static void await(File file, int timeout) throws ExitException, InterruptedException {
    File part = new File(file.getPath() + ".part");
    long size = 0;
    long lastGrowth = System.nanoTime();
    while (!file.exists()) {
      long now = System.nanoTime();
      // The length of a file that does not exist is 0.
      if (part.length() > size) {
        size = part.length();
        lastGrowth = now;
      } else if (now - lastGrowth > TimeUnit.SECONDS.toNanos(timeout)) {
        throw new ExitException(
            ExitException.NO_INPUT,
            String.format(
                "the upload of %s made no progress for %d seconds (%,d bytes arrived)",
                file, timeout, size));
      }
      Thread.sleep(LOOK_EVERY);
    }
    if (!file.isFile() || !file.canRead()) {
      throw new ExitException(ExitException.NO_INPUT, "input " + file + " is not a readable file");
    }
  }
}
