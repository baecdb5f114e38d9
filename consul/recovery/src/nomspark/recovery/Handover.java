package nomspark.recovery;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Gives back the lock of a leader that is dead; a program that runs beside the master, in the same allocation. The
 * leader leaves a note, and holds on to a lock of the kernel on it, which is freed when its process has ended. Only the
 * leader's own session is released, whatever has happened to the lock.
 */
public final class Handover {
  /** On a busy host this process waits for its turn, and whoever begins anew waits even longer. */
  private static final Duration ANSWER = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(200);
  /** A few tries are enough: others wait no longer than the lease. */
  private static final int TRIES = 3;

  /** Open until the process ends: the kernel frees a lock as soon as its process closes the file. */
  private static FileChannel note;

  private Handover() {}

  /**
   * What a leader leaves behind for the time after its death.
   *
   * @param transaction what gives back its lock
   * @param session what holds the lock
   */
  static synchronized void leave(Path file, String transaction, String session) throws IOException {
    if (note == null) {
      note = new RandomAccessFile(file.toFile(), "rw").getChannel();
      // Waits while the note of the process before is read.
      note.lock();
    }
    note.truncate(0);
    note.write(ByteBuffer.wrap((transaction + "\n" + session).getBytes(StandardCharsets.UTF_8)), 0);
  }

  /** Runs the program, until it is ended. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path file = Path.of(System.getenv("NOMAD_ALLOC_DIR"), "leader");
    Consul consul = new Consul(new ConsulSettings(System.getenv()));
    warmUp(consul);
    while (true) {
      if (Files.exists(file) && Files.size(file) > 0) {
        try (FileChannel channel = new RandomAccessFile(file.toFile(), "rw").getChannel()) {
          System.out.println("Waits until the master that leads has ended");
          channel.lock();
          // Not from another opened file: to close that would free the lock.
          var text = new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
          String[] lines = text.split("\n");
          if (lines.length == 2) {
            release(consul, lines[0], lines[1]);
          }
          channel.truncate(0);
        }
      }
      Thread.sleep(POLL.toMillis());
    }
  }

  /** The first question takes a JVM much longer than any other. */
  private static void warmUp(Consul consul) throws InterruptedException {
    for (int left = TRIES; left > 0; left--) {
      try {
        consul.get("/v1/status/leader", ANSWER);
        return;
      } catch (IOException later) {
        System.err.println("Consul does not answer now: " + later);
        Thread.sleep(POLL.toMillis());
      }
    }
  }

  private static void release(Consul consul, String transaction, String session) throws InterruptedException {
    for (int left = TRIES; left > 0; left--) {
      try {
        boolean released = consul.put("/v1/txn", transaction, ANSWER).isGood();
        consul.put("/v1/session/destroy/" + session, "", ANSWER);
        System.out.println(
            released ? "The master that led is dead, its lock is free" : "The master is dead, its lock was not its own");
        return;
      } catch (IOException error) {
        System.err.println("Consul did not take back the lock of the dead master: " + error);
        Thread.sleep(POLL.toMillis());
      }
    }
  }
}
