package nomspark.recovery;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.deploy.master.LeaderElectable;
import org.apache.spark.deploy.master.LeaderElectionAgent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets the lock for this master and keeps it, and tells the master when it leads. */
final class Election implements LeaderElectionAgent {
  private static final Logger LOG = LoggerFactory.getLogger(Election.class);

  /** From one look at the clock to the next. */
  private static final Duration WATCHDOG = Duration.ofMillis(50);
  /** Before Consul is asked again after an answer that was none. */
  private static final Duration PAUSE = Duration.ofMillis(100);
  /** One line about a Consul that is away in so much time is enough. */
  private static final Duration QUIET = Duration.ofSeconds(10);

  private final LeaderElectable master;
  private final Identity identity;
  private final LockKeeper keeper;
  private final Leadership leadership;
  private final Timing timing;
  private final RollCall rollCall;

  private final AtomicBoolean retired = new AtomicBoolean();
  private volatile String session;
  private volatile long since;
  private volatile String how = "";
  private long sessionKept;
  private long renewal;
  private long lastIndex;
  /** When was last said that Consul is away; 0 while it is there. */
  private long saidAway;

  /** The roll call comes between the election and Spark's own recovery. */
  Election(
      LeaderElectable master,
      Identity identity,
      LockKeeper keeper,
      Leadership leadership,
      Timing timing,
      RollCall rollCall) {
    this.master = master;
    this.identity = identity;
    this.keeper = keeper;
    this.leadership = leadership;
    this.timing = timing;
    this.rollCall = rollCall;
  }

  /** Begins, in threads of its own. */
  Election start() {
    daemon("leader-election", this::stand);
    daemon("leader-fence", this::guard);
    Runtime.getRuntime().addShutdownHook(new Thread(this::retire, "leader-release"));
    return this;
  }

  @Override
  public LeaderElectable masterInstance() {
    return master;
  }

  @Override
  public void stop() {
    retire();
  }

  /** The session with which this master holds the lock. */
  String session() {
    return session;
  }

  private void stand() {
    LOG.info("Stands for election: the lock is {} in Consul", keeper.key());
    while (!leadership.isLeaving()) {
      try {
        keepSession();
        step(leadership.next());
        back();
      } catch (IOException error) {
        leadership.unanswered();
        away(error);
        pause(PAUSE);
      } catch (InterruptedException end) {
        return;
      } catch (RuntimeException | Error error) {
        // Without this thread nobody would confirm the lock, and nobody would know why.
        LOG.error("The election failed", error);
        leadership.depose("its own election failed: " + error);
      }
    }
  }

  private void keepSession() throws IOException, InterruptedException {
    long now = leadership.now().steady();
    if (session == null) {
      session = keeper.openSession(identity.sessionName(), timing.lease());
    } else if (now - sessionKept > LockKeeper.LONGEST_SILENCE.toNanos() / 4) {
      keeper.keepSession(session);
    } else {
      return;
    }
    sessionKept = now;
  }

  private void step(Candidacy.Step step) throws IOException, InterruptedException {
    if (step instanceof Candidacy.Step.Watch watch) {
      Lock lock = keeper.look(watch.nanos() == 0 ? 0 : lastIndex, Duration.ofNanos(watch.nanos()));
      lastIndex = lock.index();
      leadership.saw(lock, session);
    } else if (step instanceof Candidacy.Step.Take take) {
      take(take.seen());
    } else if (step instanceof Candidacy.Step.Renew) {
      awaitRenewal();
      Leadership.Moment asked = leadership.now();
      heed(keeper.renew(session, value()), asked);
    }
  }

  /** Waits until the lock has to be confirmed; in naps, for after a sleep of the machine it has to be at once. */
  private void awaitRenewal() throws InterruptedException {
    while (leadership.next() instanceof Candidacy.Step.Renew renew && renew.nanos() > 0) {
      TimeUnit.NANOSECONDS.sleep(Math.min(renew.nanos(), WATCHDOG.toNanos()));
    }
  }

  private void take(Lock seen) throws IOException, InterruptedException {
    boolean free = seen.isFreeFor(session);
    how = free ? "the lock was free" : "the last leader was silent for " + timing.lease().toMillis() + " ms";
    since = System.currentTimeMillis();
    Leadership.Moment asked = leadership.now();
    if (!heed(keeper.take(seen, session, value()), asked)) {
      // Another one was faster, or Consul keeps the lock of a session that it ended.
      pause(PAUSE);
    } else {
      LOG.info("Elected: {}", how);
      // Both may have to wait, and the lock has to be confirmed meanwhile.
      daemon("leader-note", this::prepareHandover);
      daemon("leader-office", this::takeOffice);
      if (!free && seen.session() != null) {
        keeper.closeSession(seen.session());
      }
    }
  }

  private void takeOffice() {
    awaitCertainty();
    try {
      rollCall.call();
    } catch (InterruptedException end) {
      return;
    } catch (RuntimeException | LinkageError error) {
      LOG.warn("The workers of the last leader could not be told of this one: {}", error.toString());
    }
    awaitCertainty();
    master.electedLeader();
  }

  /** Waits while it is not known whether the lock is this master's; where it is not, the process ends meanwhile. */
  private void awaitCertainty() {
    while (!leadership.holds()) {
      pause(WATCHDOG);
    }
  }

  /** Leaves a note for whoever gives the lock back when this process was killed. */
  private void prepareHandover() {
    String folder = System.getenv("NOMAD_ALLOC_DIR");
    if (folder == null) {
      return;
    }
    try {
      Handover.leave(Path.of(folder, "leader"), keeper.release(session, released()).toString(), session);
    } catch (IOException error) {
      LOG.warn("Nobody can give back the lock of this master if it is killed, others wait for its lease then: {}", error.toString());
    }
  }

  private String released() {
    return identity.value(since, how, 0).put("released", true).toString();
  }

  /** Draws the consequences of an answer; whether the lock is this master's. */
  private boolean heed(LockKeeper.Verdict verdict, Leadership.Moment asked) {
    if (verdict.isGranted()) {
      leadership.confirmed(asked);
      return true;
    }
    leadership.refused(verdict.reason());
    if (verdict.outcome() == LockKeeper.Outcome.NO_SESSION) {
      session = null;
    }
    return false;
  }

  private String value() {
    return identity.value(since, how, ++renewal).toString();
  }

  /** Ends the process when the lock was not confirmed in time, whatever the election is waiting for. */
  private void guard() {
    while (true) {
      leadership.next();
      pause(WATCHDOG);
    }
  }

  /** Gives the lock back on the way out, so that another one need not wait. */
  private void retire() {
    boolean leads = leadership.leave();
    // Kept as it is: a write without a session would count as one under a lock that nobody holds.
    String held = session;
    if (held == null || retired.getAndSet(true)) {
      return;
    }
    try {
      if (leads) {
        keeper.apply(keeper.release(held, released()));
      }
      keeper.closeSession(held);
    } catch (IOException | InterruptedException error) {
      LOG.warn("The lock could not be given back, others wait for its lease to end: {}", error.toString());
    }
  }

  private void away(IOException error) {
    long now = leadership.now().steady();
    if (saidAway == 0 || now - saidAway > QUIET.toNanos()) {
      saidAway = now;
      String meanwhile =
          leadership.holds()
              ? "leads on until " + timing.fence().toMillis() + " ms after Consul confirmed its lock"
              : "stands by";
      LOG.warn("Consul does not answer, this master {}: {}", meanwhile, error.toString());
    }
  }

  private void back() {
    if (saidAway != 0) {
      saidAway = 0;
      LOG.info("Consul answers again");
    }
  }

  private static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }
}
