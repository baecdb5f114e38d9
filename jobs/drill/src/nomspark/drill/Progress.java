package nomspark.drill;

import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicLong;

/** How far the drill is. One thread counts, others read at any time. */
final class Progress {
  /** When this process began, in milliseconds since 1970: another number tells of another process. */
  private final long started = ManagementFactory.getRuntimeMXBean().getStartTime();

  private final AtomicLong waves = new AtomicLong();
  private final AtomicLong wrong = new AtomicLong();

  /** Spark's id of the application: letters, digits and hyphens. */
  private volatile String application;

  /** Tells Spark's id of the application. */
  void isApplication(String id) {
    application = id;
  }

  /** Counts a wave. */
  void add(boolean right) {
    // In this order, because json() reads in the other: a wave that it sees has had its verdict.
    if (!right) {
      wrong.incrementAndGet();
    }
    waves.incrementAndGet();
  }

  /** How many waves were counted. */
  long waves() {
    return waves.get();
  }

  /** How many of them gave a wrong answer. */
  long wrong() {
    return wrong.get();
  }

  /** The progress as a JSON object on one line. */
  String json() {
    String id = application;
    long seen = waves.get();
    return String.format(
        "{\"application\":%s,\"started_ms\":%d,\"waves\":%d,\"wrong\":%d}\n",
        id == null ? "null" : '"' + id + '"', started, seen, wrong.get());
  }
}
