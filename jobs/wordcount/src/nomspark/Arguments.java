package nomspark;

/** The command line. Exactly one of {@link #input} and {@link #upload} is set. */
final class Arguments {
  static final String USAGE =
      "usage: WordCount (--input URI | --upload FILE) --output DIR"
          + " [--top N] [--upload-timeout SECONDS]";

  /** Text that every executor can read itself, or null. */
  String input;

  /** Local file that is being uploaded to this host, or null. */
  String upload;

  /** Local folder for the results. */
  String output;

  /** How many words the summary lists. */
  int top = 20;

  /** How long an upload may stand still, in seconds. */
  int uploadTimeout = 120;

  private Arguments() {}

  /** Reads a command line; whatever is unknown, repeated or missing is refused. */
  static Arguments parse(String[] words) throws ExitException {
    Arguments arguments = new Arguments();
    java.util.Set<String> seen = new java.util.HashSet<>();
    for (int i = 0; i < words.length; i += 2) {
      String option = words[i];
      if (!option.matches("--(input|upload|output|top|upload-timeout)")) {
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
    if ((arguments.input == null) == (arguments.upload == null)) {
      throw usage("give exactly one of --input and --upload");
    }
    if (arguments.output == null) {
      throw usage("--output is missing");
    }
    return arguments;
  }

  private void set(String option, String value) throws ExitException {
    switch (option) {
      case "--input" -> input = value;
      case "--upload" -> upload = value;
      case "--output" -> output = value;
      case "--top" -> top = number(option, value, 0);
      default -> uploadTimeout = number(option, value, 1);
    }
  }

  private static int number(String option, String value, int least) throws ExitException {
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Told below, in the same words as a number that is too small.
    }
    throw usage(option + " needs a whole number of at least " + least + ", not '" + value + "'");
  }

  private static ExitException usage(String problem) {
    return new ExitException(ExitException.USAGE, problem + "; " + USAGE);
  }
}
