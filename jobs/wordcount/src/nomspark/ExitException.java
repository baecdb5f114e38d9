package nomspark;

/**
 * A failure the user can mend: the program prints the message, which is one sentence, and exits
 * with the code. Every other exception is a defect or a fault of the cluster and keeps its stack
 * trace.
 */
final class ExitException extends Exception {
  /** The command line is wrong (EX_USAGE is 64 in sysexits.h, but command-line tools use 2). */
  static final int USAGE = 2;

  /** The input is missing or cannot be read (EX_NOINPUT in sysexits.h). */
  static final int NO_INPUT = 66;

  private static final long serialVersionUID = 1;

  private final int code;

  ExitException(int code, String sentence) {
    super(sentence);
    this.code = code;
  }

  int code() {
    return code;
  }
}
