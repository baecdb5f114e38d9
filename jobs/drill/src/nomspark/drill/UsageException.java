package nomspark.drill;

/** What the user can mend: the program prints the message, which is one sentence, and exits with 2. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String sentence) {
    super(sentence);
  }
}
