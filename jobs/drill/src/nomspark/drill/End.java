package nomspark.drill;

import java.io.File;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;

/**
 * The end of the drill: when a file appears, or when the time is over. A thread watches for it and
 * then cuts short what hangs, because a drill often ends where no executor or no master is left.
 */
final class End implements AutoCloseable {
  /** How often to look, in milliseconds. */
  private static final long LOOK_EVERY = 50;

  /** How long Spark may take to come to its end, in milliseconds. */
  private static final long PATIENCE = 5_000;

  private final File file;
  private final long deadline;
  private final Runnable stuck;
  private volatile boolean due;
  private volatile boolean closed;
  private volatile SparkContext jobs;

  /**
   * Starts to watch.
   *
   * @param atMost after how many seconds the drill ends without the file
   * @param stuck what to do when Spark does not come to its end
   */
  End(String file, int atMost, Runnable stuck) {
    this.file = new File(file);
    this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(atMost);
    this.stuck = stuck;
    Thread thread = new Thread(this::watch, "end");
    thread.setDaemon(true);
    thread.start();
  }

  /** Whether the drill is to end. Once it is, it stays so. */
  boolean isDue() {
    if (!due && (file.exists() || System.nanoTime() - deadline >= 0)) {
      due = true;
    }
    return due;
  }

  /** From now on the end cancels the jobs of this context. */
  void cancels(SparkContext context) {
    jobs = context;
  }

  @Override
  public void close() {
    closed = true;
  }

  private void watch() {
    while (!closed && !isDue()) {
      sleep();
    }
    // Again and again, because a wave may have been about to start its job.
    for (long waited = 0; !closed && waited < PATIENCE; waited += LOOK_EVERY) {
      cancelJobs();
      sleep();
    }
    if (!closed) {
      stuck.run();
    }
  }

  private void cancelJobs() {
    SparkContext context = jobs;
    if (context == null) {
      return;
    }
    try {
      context.cancelAllJobs();
    } catch (RuntimeException e) {
      // The context has stopped in the meantime, and its jobs with it.
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(LOOK_EVERY);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e); // nobody interrupts this thread
    }
  }
}
