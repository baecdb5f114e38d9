package nomspark.recovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/**
 * Gives back the lock of a leader that is dead: {@code Handover FILE}, run by release.sh beside the leader. Its input
 * ends when the leader's process has ended. Only the leader's own session is released, whatever has happened to the lock.
 */
public final class Handover {
  private static final Duration ANSWER = Duration.ofSeconds(1);
  /** A few tries are enough: others wait no longer than the lease. */
  private static final int TRIES = 10;
  private static final Duration PAUSE = Duration.ofMillis(200);

  private Handover() {}

  /** What a leader leaves behind for the time after its death, as lines of the file: the transaction, the session. */
  static void write(Path file, String transaction, String session) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.write(part, List.of(transaction, session));
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Runs the program. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path file = Path.of(arguments[0]);
    List<String> lines = Files.readAllLines(file);
    // The next one is from another life of the master.
    Files.delete(file);
    Consul consul = new Consul(new ConsulSettings(System.getenv()));
    // The first question takes a JVM much longer than any other.
    try {
      consul.get("/v1/status/leader", ANSWER);
    } catch (IOException later) {
      System.err.println("Consul does not answer now: " + later);
    }
    while (System.in.read() >= 0) {
      continue;
    }
    for (int left = TRIES; left > 0; left--) {
      try {
        boolean released = consul.put("/v1/txn", lines.get(0), ANSWER).isGood();
        consul.put("/v1/session/destroy/" + lines.get(1), "", ANSWER);
        System.out.println(
            released ? "The master that led is dead, its lock is free" : "The master is dead, its lock was not its own");
        return;
      } catch (IOException error) {
        System.err.println("Consul did not take back the lock of the dead master: " + error);
        Thread.sleep(PAUSE.toMillis());
      }
    }
    System.exit(1);
  }
}
