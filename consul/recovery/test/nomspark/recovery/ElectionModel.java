package nomspark.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * Masters, Consul and the network between them, in one thread and on a clock of its own: whatever can happen to messages
 * and processes happens here at random, and the same seed always gives the same. The rules of {@link Candidacy} decide;
 * what is checked after every event is that no two masters lead.
 */
final class ElectionModel {
  private static final long MILLISECOND = 1_000_000;
  private static final Timing TIMING = Timing.USUAL;
  /** How long a question waits for its answer. */
  private static final long ANSWER = 1000 * MILLISECOND;

  /** Something that happens at a moment. */
  private record Event(long at, long number, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(number, other.number);
    }
  }

  private final Random random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final List<Master> masters = new ArrayList<>();
  private long now;
  private long numbers;
  private boolean faults = true;
  private boolean consulAway;

  // The lock's key.
  private long index;
  private long changes = 1;
  private String holder;
  private boolean released = true;
  /** Until then nobody gets the lock: Consul ended the session of its holder. */
  private long delayedUntil;

  /** What was seen in a run. */
  record Outcome(int elections, int deposed) {}

  private int elections;
  private int deposed;

  private ElectionModel(long seed) {
    random = new Random(seed);
  }

  /** Plays a minute with faults and then some seconds without. */
  static Outcome play(long seed, int count) {
    ElectionModel model = new ElectionModel(seed);
    for (int number = 0; number < count; number++) {
      Master master = model.new Master(number);
      model.masters.add(master);
      master.begin();
    }
    model.after(500, model::fault);
    model.runUntil(60_000 * MILLISECOND);
    model.faults = false;
    model.consulAway = false;
    model.masters.forEach(master -> master.pausedUntil = Math.min(master.pausedUntil, model.now));
    model.runUntil(model.now + 12_000 * MILLISECOND);
    if (model.leaders() != 1) {
      throw new AssertionError("seed " + seed + ": " + model.leaders() + " leaders after 12 s without faults");
    }
    return new Outcome(model.elections, model.deposed);
  }

  private void runUntil(long end) {
    while (!events.isEmpty() && events.peek().at() <= end) {
      Event event = events.poll();
      // Leading ends by itself and begins only in an event: just before one, it may be two for the longest.
      check(event.at());
      now = event.at();
      event.what().run();
      check(now);
    }
    now = end;
  }

  private void check(long moment) {
    long leaders = masters.stream().filter(master -> master.candidacy.leads(master.clock(moment))).count();
    if (leaders > 1) {
      throw new AssertionError(leaders + " leaders at " + moment / MILLISECOND + " ms");
    }
  }

  private long leaders() {
    return masters.stream().filter(master -> master.candidacy.leads(master.clock(now))).count();
  }

  private void after(long milliseconds, Runnable what) {
    events.add(new Event(now + milliseconds * MILLISECOND, numbers++, what));
  }

  /** How long a message travels; some travel long. */
  private long travel() {
    return faults && random.nextInt(20) == 0 ? random.nextInt(3000) : 1 + random.nextInt(20);
  }

  private boolean isLost() {
    return consulAway || faults && random.nextInt(30) == 0;
  }

  /** One of everything that can go wrong, and then the next. */
  private void fault() {
    if (!faults) {
      return;
    }
    Master master = masters.get(random.nextInt(masters.size()));
    switch (random.nextInt(7)) {
      case 0 -> master.pausedUntil = now + random.nextInt(9000) * MILLISECOND;
      case 1 -> master.crash(true);
      case 2 -> master.crash(false);
      case 3 -> master.retire();
      case 4 -> endSession(master.session);
      case 5 -> {
        consulAway = true;
        after(random.nextInt(8000), () -> consulAway = false);
      }
      default -> master.cutUntil = now + random.nextInt(9000) * MILLISECOND;
    }
    after(200 + random.nextInt(6000), this::fault);
  }

  /** Consul takes a node for dead. */
  private void endSession(String session) {
    if (session.equals(holder)) {
      holder = null;
      index = ++changes;
      delayedUntil = now + TIMING.lease().toNanos();
    }
  }

  private boolean take(Lock seen, String session) {
    if (seen.index() != index || holder != null && !holder.equals(seen.session())) {
      return false;
    }
    if (now < delayedUntil && !session.equals(holder)) {
      return false;
    }
    write(session);
    return true;
  }

  private boolean renew(String session) {
    if (!session.equals(holder)) {
      return false;
    }
    write(session);
    return true;
  }

  private void write(String session) {
    holder = session;
    released = false;
    index = ++changes;
  }

  private void release(String session) {
    if (session.equals(holder)) {
      holder = null;
      released = true;
      index = ++changes;
    }
  }

  /** A master's process, with a clock that is a bit fast or slow. */
  private final class Master {
    private final int number;
    private final double rate;
    private Candidacy candidacy;
    private String session;
    private long life;
    private long pausedUntil;
    private long cutUntil;
    private boolean led;

    Master(int number) {
      this.number = number;
      rate = 0.95 + random.nextDouble() / 10;
      candidacy = new Candidacy(TIMING);
      session = "";
    }

    long clock(long moment) {
      return (long) (moment * rate);
    }

    void begin() {
      candidacy = new Candidacy(TIMING);
      life++;
      led = false;
      session = "session-" + number + "-" + life;
      mine(0, this::step);
    }

    /** Does something after a while in this life, and not while the process is paused. */
    private void mine(long milliseconds, Runnable what) {
      long current = life;
      after(
          milliseconds,
          () -> {
            if (life == current) {
              if (now < pausedUntil) {
                mine((pausedUntil - now) / MILLISECOND + 1, what);
              } else {
                what.run();
              }
            }
          });
    }

    /** Asks Consul; the answer comes, or none does. */
    private void ask(java.util.function.Supplier<Runnable> question) {
      long current = life;
      boolean[] answered = {false};
      boolean lost = isLost() || now < cutUntil;
      boolean answerLost = isLost();
      if (!lost) {
        after(
            travel(),
            () -> {
              // What is on its way arrives, also when its sender died.
              Runnable answer = question.get();
              if (!answerLost && life == current) {
                mine(
                    travel(),
                    () -> {
                      if (!answered[0]) {
                        answered[0] = true;
                        answer.run();
                        step();
                      }
                    });
              }
            });
      }
      mine(
          ANSWER / MILLISECOND,
          () -> {
            if (!answered[0]) {
              answered[0] = true;
              candidacy.unanswered(clock(now));
              mine(100, this::step);
            }
          });
    }

    private void step() {
      Candidacy.Step step = candidacy.next(clock(now));
      String mine = session;
      if (step instanceof Candidacy.Step.Watch watch) {
        mine(
            watch.nanos() / MILLISECOND,
            () ->
                ask(
                    () -> {
                      Lock lock = new Lock(index, holder, holder == null && released);
                      return () -> candidacy.saw(lock, mine, clock(now));
                    }));
      } else if (step instanceof Candidacy.Step.Take take) {
        long asked = clock(now);
        ask(
            () -> {
              boolean granted = take(take.seen(), mine);
              return () -> heed(granted, asked);
            });
      } else if (step instanceof Candidacy.Step.Renew renew) {
        mine(
            renew.nanos() / MILLISECOND,
            () -> {
              long asked = clock(now);
              ask(
                  () -> {
                    boolean granted = renew(mine);
                    return () -> heed(granted, asked);
                  });
            });
      } else {
        deposed++;
        mine(2000, this::begin);
      }
    }

    private void heed(boolean granted, long asked) {
      if (granted) {
        candidacy.confirmed(asked);
        if (!led && candidacy.leads(clock(now))) {
          led = true;
          elections++;
        }
      } else {
        candidacy.refused("another one holds it");
      }
    }

    /** Dies; where the kernel sees it, the lock is given back for it. */
    void crash(boolean seen) {
      String dead = session;
      candidacy = new Candidacy(TIMING);
      life++;
      pausedUntil = 0;
      if (seen) {
        after(travel(), () -> release(dead));
      }
      mine(2500, this::begin);
    }

    /** Gives back its lock on the way out; it answers nobody any more by then. */
    void retire() {
      if (now >= pausedUntil) {
        crash(true);
      }
    }
  }
}
