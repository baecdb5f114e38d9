package nomspark.recovery;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where Consul is and who asks, from the environment variables that the consul command takes: CONSUL_HTTP_ADDR,
 * CONSUL_HTTP_SSL, CONSUL_CACERT, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY, CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_TOKEN,
 * CONSUL_NAMESPACE, and CONSUL_DATACENTER. Without a token of these, the one is taken that Nomad wrote for the task
 * from its workload identity.
 */
final class ConsulSettings {
  private final Map<String, String> environment;
  private final String address;

  /**
   * Reads the variables.
   *
   * @throws IllegalArgumentException if the address is none that this program can reach
   */
  ConsulSettings(Map<String, String> environment) {
    this.environment = environment;
    address = address(get("CONSUL_HTTP_ADDR"), get("CONSUL_HTTP_SSL"));
  }

  /** The URL, without a slash at its end. */
  String address() {
    return address;
  }

  boolean isTls() {
    return address.startsWith("https://");
  }

  /** What belongs to the query of every request. */
  List<String> parameters() {
    List<String> parameters = new ArrayList<>();
    if (!get("CONSUL_DATACENTER").isEmpty()) {
      parameters.add("dc=" + Consul.encoded(get("CONSUL_DATACENTER")));
    }
    if (!get("CONSUL_NAMESPACE").isEmpty()) {
      parameters.add("ns=" + Consul.encoded(get("CONSUL_NAMESPACE")));
    }
    return parameters;
  }

  /** The token, read anew each time: whoever wrote the file may have replaced it. Empty where there is none. */
  String token() throws IOException {
    String file = get("CONSUL_HTTP_TOKEN_FILE");
    if (!file.isEmpty()) {
      return Files.readString(Path.of(file)).strip();
    }
    Path nomads = Path.of(get("NOMAD_SECRETS_DIR"), "consul_token");
    if (!get("NOMAD_SECRETS_DIR").isEmpty() && Files.exists(nomads)) {
      return Files.readString(nomads).strip();
    }
    return get("CONSUL_HTTP_TOKEN");
  }

  /** The value of a variable, empty where it is not set. */
  String get(String variable) {
    String value = environment.getOrDefault(variable, "").strip();
    // What Nomad has no value for, it leaves as it stands in the job file.
    return value.startsWith("${") ? "" : value;
  }

  private static String address(String given, String ssl) {
    String address = given.isEmpty() ? "127.0.0.1:8500" : given;
    if (address.startsWith("unix://")) {
      throw new IllegalArgumentException(
          "CONSUL_HTTP_ADDR is " + address + ": the master cannot use a socket file, give it a port");
    }
    if (!address.contains("://")) {
      boolean tls = ssl.equals("1") || ssl.equalsIgnoreCase("true");
      address = (tls ? "https://" : "http://") + address;
    }
    return address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
  }
}
