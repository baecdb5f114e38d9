package nomspark.recovery;

import java.util.function.LongSupplier;

/**
 * Whether this master may act as the leader at this moment. Everybody who acts for it asks here: the keeper of its lock,
 * its memory, its web UI.
 */
final class Leadership {
  /** What happens when it must not lead any more. */
  interface End {
    /** Ends the process at once, without any last words of Spark's. */
    void now(String why);
  }

  private final Candidacy candidacy;
  private final LongSupplier clock;
  private final End end;
  private boolean leaving;

  Leadership(Candidacy candidacy, LongSupplier clock, End end) {
    this.candidacy = candidacy;
    this.clock = clock;
    this.end = end;
  }

  long now() {
    return clock.getAsLong();
  }

  synchronized boolean holds() {
    return !leaving && candidacy.leads(now());
  }

  /** What to do about the lock. A leader that must leave never comes back from here. */
  synchronized Candidacy.Step next() {
    Candidacy.Step step = candidacy.next(now());
    if (step instanceof Candidacy.Step.Leave leave && !leaving) {
      end.now(leave.why());
    }
    return step;
  }

  synchronized void saw(Lock lock, String session) {
    candidacy.saw(lock, session, now());
  }

  synchronized void confirmed(long asked) {
    candidacy.confirmed(asked);
  }

  synchronized void refused(String reason) {
    candidacy.refused(reason);
  }

  synchronized void unanswered() {
    candidacy.unanswered(now());
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
