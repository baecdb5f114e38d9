package nomspark.recovery;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Checks what needs no Spark and no Consul. Run by test.sh. */
public final class SelfCheck {
  private static final int RUNS = 3000;

  private SelfCheck() {}

  /** Runs all checks. */
  public static void main(String[] arguments) throws Exception {
    recordsComeBack();
    whatIsNoRecordIsTold();
    aLeaderThatIsNotConfirmedLeadsNoMore();
    aSilentLeaderIsGivenItsLease();
    whoSleptAsksConsul();
    whoLeftLeadsNoMore();
    neverTwoLeaders();
  }

  private static void recordsComeBack() throws Exception {
    Random random = new Random(1);
    for (int length : new int[] {0, 1, 1000, Record.PART - 1, Record.PART, Record.PART + 1, 3 * Record.PART + 17}) {
      byte[] content = new byte[length];
      random.nextBytes(content);
      List<byte[]> values = Record.encode(content, "4.3.0");
      for (byte[] value : values) {
        // In a transaction of at most 512 kB, as characters of which four are three bytes.
        check(value.length * 4 / 3 < 500_000, "a value of " + value.length + " bytes is too long");
      }
      byte[] back = Record.decode(values.get(0), values.subList(1, values.size()), "4.3.0");
      check(Arrays.equals(content, back), "a record of " + length + " bytes came back changed");
    }
  }

  private static void whatIsNoRecordIsTold() {
    byte[] content = new byte[2 * Record.PART];
    new Random(2).nextBytes(content);
    List<byte[]> values = Record.encode(content, "4.3.0");
    unreadable(values, "4.2.0", "written by Spark 4.3.0, this is Spark 4.2.0");
    unreadable(values.subList(0, 1), "4.3.0", "are expected");
    unreadable(List.of(new byte[0]), "4.3.0", "not written by a master of nomspark");
    unreadable(List.of("hello\n".getBytes()), "4.3.0", "not written by a master of nomspark");
    unreadable(List.of("nomspark-record 2 4.3.0 0 1 0\n".getBytes()), "4.3.0", "another version of nomspark");
    unreadable(List.of("nomspark-record 1 4.3.0 x 1 0\n".getBytes()), "4.3.0", "first line is damaged");
    // Every bit counts.
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      List<byte[]> damaged = new ArrayList<>(values.stream().map(byte[]::clone).toList());
      byte[] value = damaged.get(random.nextInt(damaged.size()));
      value[random.nextInt(value.length)] ^= (byte) (1 << random.nextInt(8));
      unreadable(damaged, "4.3.0", "");
    }
  }

  private static void unreadable(List<byte[]> values, String version, String reason) {
    try {
      Record.decode(values.get(0), values.subList(1, values.size()), version);
      throw new AssertionError("a record was read that should say: " + reason);
    } catch (Record.Unreadable error) {
      check(error.getMessage().contains(reason), error.getMessage());
    }
  }

  private static void aLeaderThatIsNotConfirmedLeadsNoMore() {
    long fence = Timing.USUAL.fence().toNanos();
    Candidacy candidacy = new Candidacy(Timing.USUAL);
    candidacy.saw(Lock.NEVER_HELD, "mine", 0);
    check(candidacy.next(0) instanceof Candidacy.Step.Take, "a lock that nobody held is taken");
    candidacy.confirmed(10);
    check(candidacy.leads(10 + fence - 1), "it leads until the fence");
    check(!candidacy.leads(10 + fence), "it leads no more from the fence on");
    check(candidacy.next(10 + fence) instanceof Candidacy.Step.Leave, "it leaves");
    candidacy.refused("gone");
    check(!candidacy.leads(11), "whose lock is another's does not lead");
  }

  private static void aSilentLeaderIsGivenItsLease() {
    long lease = Timing.USUAL.lease().toNanos();
    Candidacy candidacy = new Candidacy(Timing.USUAL);
    Lock held = new Lock(7, "another", false);
    candidacy.saw(held, "mine", 100);
    candidacy.saw(held, "mine", 100 + lease - 1);
    check(candidacy.next(100 + lease - 1) instanceof Candidacy.Step.Watch, "it waits for the whole lease");
    check(candidacy.next(100 + lease) instanceof Candidacy.Step.Take, "it takes the lock after the lease");
    candidacy.saw(new Lock(8, "another", false), "mine", 100 + lease);
    check(candidacy.next(100 + lease) instanceof Candidacy.Step.Watch, "a confirmation begins a new lease");
    candidacy.saw(new Lock(9, null, false), "mine", 101 + lease);
    check(candidacy.next(101 + lease) instanceof Candidacy.Step.Watch, "a session that ended is given its lease too");
    candidacy.saw(new Lock(10, null, true), "mine", 102 + lease);
    check(candidacy.next(102 + lease) instanceof Candidacy.Step.Take, "a lock that was given back is free");
  }

  private static void whoSleptAsksConsul() {
    long fence = Timing.USUAL.fence().toNanos();
    long doubt = 2 * Timing.USUAL.renewal().toNanos();
    long[] steady = {5};
    long[] wall = {1000};
    List<String> ends = new ArrayList<>();
    Leadership leadership =
        new Leadership(Timing.USUAL, () -> new Leadership.Moment(steady[0], wall[0]), ends::add);
    check(!leadership.holds() && !leadership.isLost(), "whoever stands by has lost nothing");
    leadership.confirmed(leadership.now());
    check(leadership.holds(), "whoever was confirmed leads");
    Leadership.Moment before = leadership.now();
    wall[0] += fence;
    check(!leadership.holds() && leadership.isLost(), "the wall's clock counts too");
    check(leadership.next().equals(new Candidacy.Step.Renew(0)), "it asks Consul at once");
    leadership.confirmed(before);
    check(!leadership.holds(), "what was asked before the sleep says nothing of it");
    steady[0] += doubt - 1;
    leadership.confirmed(leadership.now());
    check(leadership.holds() && ends.isEmpty(), "whoever held the lock all the time leads on");
    check(leadership.next() instanceof Candidacy.Step.Renew, "and goes on renewing it");

    wall[0] += fence;
    leadership.next();
    steady[0] += doubt;
    leadership.next();
    check(ends.size() == 1 && ends.get(0).contains("wall's clock"), "without an answer it ends: " + ends);

    ends.clear();
    leadership = new Leadership(Timing.USUAL, () -> new Leadership.Moment(steady[0], wall[0]), ends::add);
    leadership.confirmed(leadership.now());
    wall[0] += fence;
    leadership.next();
    leadership.refused("another one holds it");
    leadership.next();
    check(ends.size() == 1 && ends.get(0).contains("not its own"), "whoever lost the lock ends: " + ends);
  }

  private static void whoLeftLeadsNoMore() {
    List<String> ends = new ArrayList<>();
    Leadership leadership = new Leadership(Timing.USUAL, () -> new Leadership.Moment(5, 5), ends::add);
    leadership.confirmed(leadership.now());
    check(leadership.leave() && leadership.isLost(), "it says that it led until now, and does not any more");
    leadership.depose("refused on the way out");
    check(ends.isEmpty(), "whoever leaves is not ended before it has given back its lock");
  }

  private static void neverTwoLeaders() {
    int elections = 0;
    int deposed = 0;
    for (int seed = 1; seed <= RUNS; seed++) {
      try {
        ElectionModel.Outcome outcome = ElectionModel.play(seed, 2 + seed % 3);
        elections += outcome.elections();
        deposed += outcome.deposed();
      } catch (AssertionError error) {
        throw new AssertionError("seed " + seed + ": " + error.getMessage(), error);
      }
    }
    check(elections > 3 * RUNS && deposed > RUNS / 2, "the model elects too rarely to show anything");
    System.out.printf("%d runs of a minute: %d elections, %d leaders left by themselves%n", RUNS, elections, deposed);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
