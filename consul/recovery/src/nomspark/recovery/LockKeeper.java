package nomspark.recovery;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/** The lock in Consul: a key of the KV store that a session holds (/v1/session, /v1/txn). */
final class LockKeeper {
  /** What Consul did about a wish. */
  enum Outcome {
    GRANTED,
    /** Nothing was changed. */
    REFUSED,
    /** Nothing was changed: Consul knows this master's session no more. */
    NO_SESSION
  }

  /** What Consul did about a wish, and why where it did nothing. */
  record Verdict(Outcome outcome, String reason) {
    boolean isGranted() {
      return outcome == Outcome.GRANTED;
    }
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  /** Longer than Consul's own retries when it has just lost its leader; the fence ends the waiting earlier. */
  private static final Duration ANSWER = Duration.ofSeconds(1);

  /** After so much silence Consul may end a session; it takes up to twice as long. */
  static final Duration LONGEST_SILENCE = Duration.ofSeconds(60);

  private final Consul consul;
  private final String key;

  LockKeeper(Consul consul, String key) {
    this.consul = consul;
    this.key = key;
  }

  String key() {
    return key;
  }

  /**
   * Opens a session for this master. Consul ends it when the health of this node fails, and then keeps the lock from
   * everybody for a lease: the master may not have noticed yet. It also ends when nobody keeps it alive, so that none
   * stays behind.
   */
  String openSession(String name, Duration lease) throws IOException, InterruptedException {
    ObjectNode session = JSON.createObjectNode();
    session.put("Name", name).put("Behavior", "release").put("LockDelay", lease.toMillis() + "ms");
    session.put("TTL", LONGEST_SILENCE.toSeconds() + "s");
    Consul.Answer answer = good(consul.put("/v1/session/create", session.toString(), ANSWER));
    return JSON.readTree(answer.body()).path("ID").asText();
  }

  /** Keeps a session alive; needed a few times in {@link #LONGEST_SILENCE}. */
  void keepSession(String session) throws IOException, InterruptedException {
    Consul.Answer answer = consul.put("/v1/session/renew/" + session, "", ANSWER);
    // The next wish for the lock tells of a session that is gone.
    if (answer.status() != 404) {
      good(answer);
    }
  }

  void closeSession(String session) throws IOException, InterruptedException {
    good(consul.put("/v1/session/destroy/" + session, "", ANSWER));
  }

  /** Looks at the lock; Consul answers at once when it has changed since this index, else after the wait. */
  Lock look(long index, Duration wait) throws IOException, InterruptedException {
    String path = "/v1/kv/" + Consul.encoded(key);
    if (index > 0 && !wait.isZero()) {
      path += "?index=" + index + "&wait=" + wait.toMillis() + "ms";
    }
    Consul.Answer answer = consul.get(path, wait.plus(ANSWER));
    if (answer.status() == 404) {
      return Lock.NEVER_HELD;
    }
    JsonNode entry = JSON.readTree(good(answer).body()).path(0);
    String session = entry.path("Session").asText("");
    return new Lock(
        entry.path("ModifyIndex").asLong(), session.isEmpty() ? null : session, isReleased(entry.path("Value")));
  }

  /** Takes the lock, on condition that nothing has changed since it was seen. */
  Verdict take(Lock seen, String session, String value) throws IOException, InterruptedException {
    ArrayNode operations = JSON.createArrayNode();
    if (seen.index() == 0) {
      operation(operations, "check-not-exists");
    } else {
      operation(operations, "check-index").put("Index", seen.index());
    }
    if (seen.session() != null && !seen.session().equals(session)) {
      operation(operations, "unlock").put("Session", seen.session()).put("Value", base64(value));
    }
    operation(operations, "lock").put("Session", session).put("Value", base64(value));
    return apply(operations);
  }

  /** Has the lock confirmed, with a new value. */
  Verdict renew(String session, String value) throws IOException, InterruptedException {
    ArrayNode operations = JSON.createArrayNode();
    operation(operations, "check-session").put("Session", session);
    operation(operations, "lock").put("Session", session).put("Value", base64(value));
    return apply(operations);
  }

  /** What gives the lock back, for whoever waits: the operations of a transaction. */
  ArrayNode release(String session, String value) {
    ArrayNode operations = JSON.createArrayNode();
    operation(operations, "unlock").put("Session", session).put("Value", base64(value));
    return operations;
  }

  /** Applies all of the operations or none; false in the answer of Consul is a refusal. */
  Verdict apply(ArrayNode operations) throws IOException, InterruptedException {
    Consul.Answer answer = consul.put("/v1/txn", operations.toString(), ANSWER);
    if (answer.isGood()) {
      return new Verdict(Outcome.GRANTED, "");
    }
    if (answer.status() != 409) {
      throw new IOException(said(answer));
    }
    String reason = JSON.readTree(answer.body()).path("Errors").findValuesAsText("What").toString();
    boolean noSession = reason.contains("invalid session");
    return new Verdict(noSession ? Outcome.NO_SESSION : Outcome.REFUSED, reason);
  }

  /** An operation on the key of the lock. */
  ObjectNode operation(ArrayNode operations, String verb) {
    return operation(operations, verb, key);
  }

  static ObjectNode operation(ArrayNode operations, String verb, String key) {
    return operations.addObject().putObject("KV").put("Verb", verb).put("Key", key);
  }

  private static boolean isReleased(JsonNode value) {
    try {
      return JSON.readTree(Base64.getDecoder().decode(value.asText(""))).path("released").asBoolean();
    } catch (IOException | IllegalArgumentException foreign) {
      // Not written by a master of this program: nobody gave it back.
      return false;
    }
  }

  private static Consul.Answer good(Consul.Answer answer) throws IOException {
    if (!answer.isGood()) {
      throw new IOException(said(answer));
    }
    return answer;
  }

  private static String said(Consul.Answer answer) {
    return String.format("Consul answered %d: %s", answer.status(), answer.text());
  }

  private static String base64(String value) {
    return Base64.getEncoder().encodeToString(value.getBytes(StandardCharsets.UTF_8));
  }
}
