package nomspark.recovery;

/**
 * What a master may conclude about the lock from what it saw, and when. It neither asks Consul nor looks at a clock:
 * every moment is handed in, in nanoseconds of one clock that never goes back.
 *
 * <p>The rules are those of {@link Timing}. Taking the lock of a silent leader is bound to the index of the change that
 * was seen: Consul refuses it where the leader was confirmed meanwhile.
 */
final class Candidacy {
  /** What to do now. */
  sealed interface Step {
    /** Look at the lock; Consul may hold the answer back for so many nanoseconds if nothing changes. */
    record Watch(long nanos) implements Step {}

    /** Take the lock, as it was seen. */
    record Take(Lock seen) implements Step {}

    /** Have the lock confirmed, after so many nanoseconds. */
    record Renew(long nanos) implements Step {}

    /** Leave at once: another one may lead. */
    record Leave(String why) implements Step {}
  }

  private enum Role {
    STANDBY,
    LEADER,
    DEPOSED
  }

  /** A look that takes longer would come too late after the lease. */
  private static final long LONGEST_WATCH = 500_000_000;

  private final long renewal;
  private final long fence;
  private final long lease;

  private Role role = Role.STANDBY;
  private String why = "";
  /** The lock as it was last seen, null where it has to be looked at first. */
  private Lock seen;
  /** Whether it may be taken at once. */
  private boolean free;
  /** When the last change of it was seen first. */
  private long seenSince;
  private long lastIndex = -1;
  /** When the last confirmation was asked for. */
  private long confirmed;
  /** When the next one is due. */
  private long due;

  Candidacy(Timing timing) {
    renewal = timing.renewal().toNanos();
    fence = timing.fence().toNanos();
    lease = timing.lease().toNanos();
  }

  /** Whether this master leads. */
  boolean leads(long now) {
    return role == Role.LEADER && now - confirmed < fence;
  }

  /** What to do now. */
  Step next(long now) {
    return switch (role) {
      case STANDBY -> stand(now);
      case LEADER ->
          leads(now)
              ? new Step.Renew(Math.max(0, due - now))
              : new Step.Leave("Consul has not confirmed its lock in time");
      case DEPOSED -> new Step.Leave(why);
    };
  }

  private Step stand(long now) {
    if (seen == null) {
      return new Step.Watch(0);
    }
    long left = free ? 0 : lease - (now - seenSince);
    return left <= 0 ? new Step.Take(seen) : new Step.Watch(Math.min(left, LONGEST_WATCH));
  }

  /**
   * The lock was seen.
   *
   * @param session this master's
   */
  void saw(Lock lock, String session, long now) {
    seen = lock;
    free = lock.isFreeFor(session);
    if (lock.index() != lastIndex) {
      lastIndex = lock.index();
      seenSince = now;
    }
  }

  /** Consul gave or confirmed the lock; it was asked at this moment. */
  void confirmed(long asked) {
    if (role == Role.DEPOSED) {
      return;
    }
    role = Role.LEADER;
    confirmed = asked;
    due = asked + renewal;
  }

  /** Consul refused the lock. A leader has lost it, everybody else has to look again. */
  void refused(String reason) {
    if (role == Role.LEADER) {
      depose("Consul says that the lock is not its own any more: " + reason);
    }
    seen = null;
  }

  /** Consul did not say whether it gave or confirmed the lock. */
  void unanswered(long now) {
    // A confirmation may have been taken, with an answer that was lost: only another one tells.
    due = now + renewal / 4;
    seen = null;
  }

  /** This master leads no more. */
  void depose(String reason) {
    role = Role.DEPOSED;
    why = reason;
  }
}
