package nomspark.recovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The records of a cluster in Consul. A write is bound to the lock in the same transaction: a master that lost it can
 * write nothing.
 */
final class StateStore {
  private static final Logger LOG = LoggerFactory.getLogger(StateStore.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final long PAUSE = 100;

  private final Consul consul;
  private final LockKeeper keeper;
  private final Leadership leadership;
  private final Supplier<String> session;
  private final String folder;
  private final String sparkVersion;

  StateStore(
      Consul consul,
      LockKeeper keeper,
      Leadership leadership,
      Supplier<String> session,
      String folder,
      String sparkVersion) {
    this.consul = consul;
    this.keeper = keeper;
    this.leadership = leadership;
    this.session = session;
    this.folder = folder;
    this.sparkVersion = sparkVersion;
  }

  /** Writes a record; the one that had its name is gone then. */
  void write(String name, byte[] content) {
    List<byte[]> values = Record.encode(content, sparkVersion);
    // The first value comes last: until it is there, nobody takes what there is for the record.
    ArrayNode first = removal(name);
    if (values.size() > 1) {
      apply(first);
      for (int part = 1; part < values.size(); part++) {
        ArrayNode next = guarded();
        set(next, folder + name + "/" + String.format("%06d", part), values.get(part));
        apply(next);
      }
      first = guarded();
    }
    set(first, folder + name, values.get(0));
    apply(first);
  }

  /** Removes a record. */
  void remove(String name) {
    apply(removal(name));
  }

  private ArrayNode removal(String name) {
    ArrayNode operations = guarded();
    LockKeeper.operation(operations, "delete", folder + name);
    LockKeeper.operation(operations, "delete-tree", folder + name + "/");
    return operations;
  }

  /** The records whose names begin so. What cannot be read is told and left out. */
  Map<String, byte[]> read(String prefix) {
    Map<String, List<byte[]>> values = new TreeMap<>();
    for (JsonNode entry : list(prefix)) {
      String key = entry.path("Key").asText().substring(folder.length());
      int slash = key.indexOf('/');
      String name = slash < 0 ? key : key.substring(0, slash);
      List<byte[]> parts = values.computeIfAbsent(name, none -> new ArrayList<>());
      // Consul lists keys in their order: a record's own before those of its parts.
      if (slash >= 0 && parts.isEmpty()) {
        parts.add(new byte[0]);
      }
      parts.add(Base64.getDecoder().decode(entry.path("Value").asText("")));
    }
    Map<String, byte[]> records = new TreeMap<>();
    values.forEach(
        (name, parts) -> {
          try {
            records.put(name, Record.decode(parts.get(0), parts.subList(1, parts.size()), sparkVersion));
          } catch (Record.Unreadable error) {
            skipped(name, error.getMessage());
          }
        });
    return records;
  }

  /** Says that a record counts for nothing. */
  void skipped(String name, String reason) {
    LOG.warn("Leaves out {}{} in Consul's KV store: {}", folder, name, reason);
  }

  private JsonNode list(String prefix) {
    String path = "/v1/kv/" + Consul.encoded(folder + prefix) + "?recurse=true&consistent=true";
    return untilAnswered(
        () -> {
          Consul.Answer answer = consul.get(path, ANSWER);
          if (answer.status() == 404) {
            return JSON.createArrayNode();
          }
          if (!answer.isGood()) {
            throw new IOException("Consul answered " + answer.status() + ": " + answer.text());
          }
          return JSON.readTree(answer.body());
        });
  }

  private ArrayNode guarded() {
    ArrayNode operations = JSON.createArrayNode();
    keeper.operation(operations, "check-session").put("Session", session.get());
    return operations;
  }

  private static void set(ArrayNode operations, String key, byte[] value) {
    LockKeeper.operation(operations, "set", key).put("Value", Base64.getEncoder().encodeToString(value));
  }

  private void apply(ArrayNode operations) {
    LockKeeper.Verdict verdict = untilAnswered(() -> keeper.apply(operations));
    if (!verdict.isGranted()) {
      leadership.depose("Consul refused a write: " + verdict.reason());
    }
  }

  /** What is asked of Consul. */
  private interface Question<T> {
    T ask() throws IOException, InterruptedException;
  }

  /** Asks until there is an answer. A leader for which there is none in time ends, and with it this loop. */
  private <T> T untilAnswered(Question<T> question) {
    while (true) {
      try {
        try {
          return question.ask();
        } catch (IOException error) {
          LOG.warn("Consul does not take or tell what this master knows, it is asked again: {}", error.toString());
          Thread.sleep(PAUSE);
        }
      } catch (InterruptedException end) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while Consul was asked", end);
      }
    }
  }
}
