package nomspark.drill;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The command line. */
final class Arguments {
  static final String USAGE = "usage: Drill --listen HOST:PORT --end FILE --at-most SECONDS";

  /** A name, an IPv4 address or an IPv6 address in brackets; then a port. */
  private static final Pattern ADDRESS =
      Pattern.compile("(?:\\[([^\\[\\]]+)\\]|([^\\[\\]:]+)):([0-9]{1,5})");

  private static final int MAX_PORT = 65_535;

  /** Where to serve the progress; an IPv6 address has no brackets here. */
  String host;

  /** Where to serve the progress. */
  int port;

  /** The file that ends the drill. */
  String end;

  /** After how many seconds the drill ends without it. */
  int atMost;

  private Arguments() {}

  /** Reads a command line; whatever is unknown, repeated or missing is refused. */
  static Arguments parse(String[] words) throws UsageException {
    Arguments arguments = new Arguments();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < words.length; i += 2) {
      String option = words[i];
      if (!option.matches("--(listen|end|at-most)")) {
        throw usage("unknown argument '" + option + "'");
      }
      if (!seen.add(option)) {
        throw usage(option + " is given twice");
      }
      if (i + 1 == words.length || words[i + 1].isEmpty()) {
        throw usage(option + " needs a value");
      }
      arguments.set(option, words[i + 1]);
    }
    for (String option : new String[] {"--listen", "--end", "--at-most"}) {
      if (!seen.contains(option)) {
        throw usage(option + " is missing");
      }
    }
    return arguments;
  }

  private void set(String option, String value) throws UsageException {
    switch (option) {
      case "--listen" -> listen(value);
      case "--end" -> end = value;
      default -> atMost = seconds(option, value);
    }
  }

  private void listen(String value) throws UsageException {
    Matcher address = ADDRESS.matcher(value);
    if (address.matches()) {
      host = address.group(1) != null ? address.group(1) : address.group(2);
      port = Integer.parseInt(address.group(3));
    }
    if (port < 1 || port > MAX_PORT) {
      throw usage("--listen needs HOST:PORT, not '" + value + "'");
    }
  }

  private static int seconds(String option, String value) throws UsageException {
    try {
      int seconds = Integer.parseInt(value);
      if (seconds >= 1) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // Told below, in the same words as a number that is too small.
    }
    throw usage(option + " needs a whole number of at least 1, not '" + value + "'");
  }

  private static UsageException usage(String problem) {
    return new UsageException(problem + "; " + USAGE);
  }
}
