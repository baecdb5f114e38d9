package nomspark.recovery;

import java.time.Duration;

/**
 * How long everything may take.
 *
 * <p>A leader that has not had its lock confirmed for {@code fence} leads no more; others wait for {@code lease} before
 * they take the lock of a leader that is silent. Both count on their own clocks, from moments that can only lie in
 * this order: the leader's from when it asked for the confirmation, the others' from when they saw it. So there are
 * never two as long as no clock runs {@code lease / fence} times as fast as another.
 *
 * @param renewal from one confirmation to the next
 * @param fence how long a leader leads on without one
 * @param lease how long the others wait for the next one
 */
record Timing(Duration renewal, Duration fence, Duration lease) {
  /** A leader has five tries before it must go, and the others wait a third longer than it. */
  static final Timing USUAL =
      new Timing(Duration.ofMillis(400), Duration.ofMillis(2250), Duration.ofMillis(3000));

  Timing {
    if (renewal.isNegative() || renewal.compareTo(fence) >= 0 || fence.compareTo(lease) >= 0) {
      throw new IllegalArgumentException(
          String.format("renewal %s < fence %s < lease %s must hold", renewal, fence, lease));
    }
  }
}
