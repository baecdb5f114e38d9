package nomspark.recovery;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Checks the lock and the records against a real Consul, which CONSUL_HTTP_ADDR and its other variables name. It has to
 * refuse whoever has no token; CONSUL_HTTP_TOKEN_FILE has one with master.policy.hcl for the cluster spark.
 */
public final class ConsulCheck {
  private static final String VERSION = "4.3.0";
  private static final int LONG = 3_000_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Identity identity = new Identity("spark", "127.0.0.1:7077", "127.0.0.1:8080", "allocation", "here");
  private final List<String> ends = new ArrayList<>();
  private final Leadership leadership = new Leadership(Timing.USUAL, Leadership.Moment::now, ends::add);
  private final Consul consul = consul(Map.of());
  private final LockKeeper keeper = new LockKeeper(consul, identity.lockKey());
  private final String session = open(keeper, "first");
  private final StateStore store = store(VERSION);

  private ConsulCheck() throws Exception {}

  /** Runs all checks. */
  public static void main(String[] arguments) throws Exception {
    whoHasNoTokenIsRefused();
    namespaceAndDatacenterReachConsul();
    ConsulCheck check = new ConsulCheck();
    check.takesTheLock();
    check.longRecordsComeBack();
    check.whatIsNoRecordIsLeftOut();
    check.aTokenThatWasReplacedIsReadAnew();
    check.whoLostTheLockWritesNothing();
  }

  private static void whoHasNoTokenIsRefused() throws Exception {
    refused("403", Map.of("CONSUL_HTTP_TOKEN_FILE", ""));
    refused("403", Map.of("CONSUL_HTTP_TOKEN_FILE", "", "CONSUL_HTTP_TOKEN", "d7bd9a7e-0c1c-4b8c-b7d0-4e4b3f9a0a11"));
  }

  private static void namespaceAndDatacenterReachConsul() throws Exception {
    // Consul without its Enterprise features says that it has no namespaces.
    refused("amespace", Map.of("CONSUL_NAMESPACE", "spark"));
    refused("No path to datacenter", Map.of("CONSUL_DATACENTER", "nowhere"));
    LockKeeper here = new LockKeeper(consul(Map.of("CONSUL_DATACENTER", "dc1")), "nomspark/spark/master/other");
    here.closeSession(open(here, "in dc1"));
  }

  private void takesTheLock() throws Exception {
    check(keeper.look(0, Duration.ZERO).equals(Lock.NEVER_HELD), "nobody has held the lock yet");
    check(keeper.take(Lock.NEVER_HELD, session, "{}").isGranted(), "the lock is free");
    leadership.confirmed(leadership.now());
    check(!keeper.take(Lock.NEVER_HELD, session, "{}").isGranted(), "who saw something else does not get it");
    check(keeper.renew(session, "{\"renewal\":1}").isGranted(), "its holder has it confirmed");
  }

  private void longRecordsComeBack() throws Exception {
    byte[] content = new byte[LONG];
    new Random(1).nextBytes(content);
    store.write("app_long", content);
    check(keys("app_long") > LONG / Record.PART, "a long record has many values");
    check(Arrays.equals(content, store.read("app_").get("app_long")), "a long record came back changed");
    store.write("app_long", new byte[] {1});
    check(keys("app_long") == 1, "nothing stays of a record that became short");
    check(Arrays.equals(new byte[] {1}, store.read("app_").get("app_long")), "a short record came back changed");
    store.remove("app_long");
    check(store.read("app_").isEmpty(), "a record that was removed is gone");
  }

  private void whatIsNoRecordIsLeftOut() throws Exception {
    store.write("worker_good", new byte[] {2});
    put("worker_foreign", "hello");
    byte[] content = new byte[2 * Record.PART];
    store.write("worker_damaged", content);
    put("worker_damaged/000001", "something else");
    check(store.read("worker_").keySet().equals(Set.of("worker_good")), "only what is whole is read");
    check(keys("worker_foreign") == 1, "what is somebody else's stays");
    check(store("4.2.0").read("worker_").isEmpty(), "what another Spark wrote is left out");
  }

  private void aTokenThatWasReplacedIsReadAnew() throws Exception {
    Path file = Path.of(System.getenv("CONSUL_HTTP_TOKEN_FILE"));
    String token = Files.readString(file);
    Files.writeString(file, "no token\n");
    try {
      keeper.renew(session, "{}");
      throw new AssertionError("a token that Consul does not know was taken");
    } catch (IOException refusal) {
      check(refusal.getMessage().contains("403"), refusal.getMessage());
    }
    Files.writeString(file, token);
    check(keeper.renew(session, "{}").isGranted(), "the token that is good again is used");
  }

  private void whoLostTheLockWritesNothing() throws Exception {
    String second = open(keeper, "second");
    Lock seen = keeper.look(0, Duration.ZERO);
    check(seen.session().equals(session), "the lock names its holder");
    check(keeper.take(seen, second, "{}").isGranted(), "a lock that has not changed can be taken");
    check(keeper.renew(session, "{}").outcome() == LockKeeper.Outcome.REFUSED, "it is not the first one's any more");
    store.write("app_late", new byte[] {3});
    check(keys("app_late") == 0, "a leader that lost the lock has written something");
    check(ends.size() == 1 && ends.get(0).contains("refused a write"), "it ends: " + ends);
  }

  private StateStore store(String version) {
    return new StateStore(consul, keeper, leadership, () -> session, identity.stateFolder(), version);
  }

  /** How many keys a record has. */
  private int keys(String name) throws Exception {
    String path = "/v1/kv/" + identity.stateFolder() + name + "?keys=true";
    Consul.Answer answer = consul.get(path, Timing.USUAL.lease());
    return answer.status() == 404 ? 0 : answer.text().split(",").length;
  }

  private void put(String name, String value) throws Exception {
    Consul.Answer answer = consul.put("/v1/kv/" + identity.stateFolder() + name, value, Timing.USUAL.lease());
    check(answer.isGood(), answer.text());
  }

  private static void refused(String reason, Map<String, String> changes) throws Exception {
    try {
      open(new LockKeeper(consul(changes), "nomspark/spark/master/other"), "refused");
      throw new AssertionError("Consul has not said: " + reason);
    } catch (IOException refusal) {
      check(refusal.getMessage().contains(reason), refusal.getMessage());
    }
  }

  private static Consul consul(Map<String, String> changes) throws IOException {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.putAll(changes);
    return new Consul(new ConsulSettings(environment));
  }

  /** Opens a session; again where that took too long, as an election does: a first TLS handshake may on a busy machine. */
  private static String open(LockKeeper keeper, String name) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return keeper.openSession(name, Timing.USUAL.lease());
      } catch (HttpTimeoutException late) {
        if (System.nanoTime() > deadline) {
          throw late;
        }
      }
    }
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
