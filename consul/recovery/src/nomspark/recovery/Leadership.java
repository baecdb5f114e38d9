package nomspark.recovery;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * Whether this master may act as the leader at this moment. Everybody who acts for it asks here: the keeper of its lock,
 * its memory, its web UI.
 */
final class Leadership {
  /**
   * A moment on two clocks, in nanoseconds. The steady one stands still while the machine sleeps, or its virtual machine is
   * paused; the wall's is set right afterwards, but may be set at any other time too.
   */
  record Moment(long steady, long wall) {
    static Moment now() {
      return new Moment(System.nanoTime(), Duration.ofMillis(System.currentTimeMillis()).toNanos());
    }
  }

  /** What happens when it must not lead any more. */
  interface End {
    /** Ends the process at once, without any last words of Spark's. */
    void now(String why);
  }

  private final Candidacy candidacy;
  private final long fence;
  /** How long Consul may take to confirm the lock after a sleep. */
  private final long doubt;
  private final Supplier<Moment> clock;
  private final End end;
  /** The wall's time when the last confirmation was asked for. */
  private long confirmedWall;
  private boolean hasLed;
  private boolean leaving;
  /** When a sleep was noticed of which is not known yet whether others took the lock in it; null where there is none. */
  private Long wokeUp;

  Leadership(Timing timing, Supplier<Moment> clock, End end) {
    candidacy = new Candidacy(timing);
    fence = timing.fence().toNanos();
    doubt = 2 * timing.renewal().toNanos();
    this.clock = clock;
    this.end = end;
  }

  Moment now() {
    return clock.get();
  }

  synchronized boolean holds() {
    Moment now = now();
    return !leaving && candidacy.leads(now.steady()) && !slept(now);
  }

  /** Whether this master led before and must not any more. */
  synchronized boolean isLost() {
    return hasLed && !holds();
  }

  /**
   * What to do about the lock. A leader that must leave never comes back from here.
   *
   * <p>After a sleep, Consul is asked at once whether the lock is this master's still: it is only where it was all the time.
   */
  synchronized Candidacy.Step next() {
    Moment now = now();
    boolean doubtful = candidacy.leads(now.steady()) && slept(now);
    if (!doubtful) {
      wokeUp = null;
    } else if (wokeUp == null) {
      wokeUp = now.steady();
    } else if (now.steady() - wokeUp >= doubt) {
      candidacy.depose("by the wall's clock, Consul has not confirmed its lock in time");
    }
    Candidacy.Step step = candidacy.next(now.steady());
    if (step instanceof Candidacy.Step.Leave leave && !leaving) {
      end.now(leave.why());
    }
    return doubtful && step instanceof Candidacy.Step.Renew ? new Candidacy.Step.Renew(0) : step;
  }

  /**
   * Whether the wall's clock went on without the steady one since the lock was confirmed; then others may have waited for the
   * lease. Until Consul says more, nobody acts as the leader.
   */
  private boolean slept(Moment now) {
    return now.wall() - confirmedWall >= fence;
  }

  synchronized void saw(Lock lock, String session) {
    candidacy.saw(lock, session, now().steady());
  }

  synchronized void confirmed(Moment asked) {
    candidacy.confirmed(asked.steady());
    confirmedWall = asked.wall();
    hasLed = true;
  }

  synchronized void refused(String reason) {
    candidacy.refused(reason);
  }

  synchronized void unanswered() {
    candidacy.unanswered(now().steady());
  }

  /** Leads no more from now on, of its own will; the process ends soon. Whether it led until now. */
  synchronized boolean leave() {
    boolean led = holds();
    leaving = true;
    return led;
  }

  synchronized boolean isLeaving() {
    return leaving;
  }

  /** Another one may lead: this process ends. */
  void depose(String reason) {
    synchronized (this) {
      candidacy.depose(reason);
    }
    next();
  }
}
