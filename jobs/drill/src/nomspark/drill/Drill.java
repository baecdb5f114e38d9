package nomspark.drill;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * An application that goes on until it is ended, and knows whether Spark's answers are right: it
 * counts the words of a small text again and again, in waves, while something around it fails.
 */
public final class Drill {
  /** The standard error, always in UTF-8. */
  private static final PrintStream ERR = new PrintStream(System.err, true, StandardCharsets.UTF_8);

  /** How long each task sleeps, in milliseconds, so that waves take their time and leave the CPU alone. */
  private static final long PAUSE = 150;

  private final Progress progress = new Progress();
  private final Text text;
  private final long pause;
  private volatile boolean gaveUp;

  Drill(Text text, long pause) {
    this.text = text;
    this.pause = pause;
  }

  /**
   * Exits with 0 when it was ended and every wave was right, with 2 and one sentence, or with 1 when
   * a wave was wrong or Spark gave up.
   */
  public static void main(String[] words) {
    System.exit(new Drill(Text.generate(), PAUSE).run(words));
  }

  /** Does the whole work and returns the exit code. */
  int run(String[] words) {
    try {
      Arguments arguments = Arguments.parse(words);
      ProgressServer server = ProgressServer.start(arguments.host, arguments.port, progress);
      End end = new End(arguments.end, arguments.atMost, () -> System.exit(verdict()));
      try (server;
          end) {
        countUntil(end);
      }
    } catch (UsageException e) {
      say("%s", e.getMessage());
      return 2;
    }
    return verdict();
  }

  /** How many waves were counted so far. */
  long waves() {
    return progress.waves();
  }

  private void countUntil(End end) {
    if (end.isDue()) {
      return;
    }
    try (JavaSparkContext sc = new JavaSparkContext(conf())) {
      progress.isApplication(sc.sc().applicationId());
      end.cancels(sc.sc());
      while (!end.isDue()) {
        count(sc);
      }
    } catch (Exception e) {
      // A wave that the end has cancelled fails as well.
      if (!end.isDue()) {
        gaveUp = true;
        e.printStackTrace(ERR);
      }
    }
  }

  private void count(JavaSparkContext sc) {
    Map<String, Long> found = Wave.count(sc, text.lines(), pause);
    boolean right = found.equals(text.answer());
    progress.add(right);
    if (!right) {
      say(
          "wave %,d is wrong: it has %,d words, %,d of them different",
          progress.waves(), Text.total(found), found.size());
    }
  }

  /** Says what was counted and gives the exit code. */
  private int verdict() {
    long waves = progress.waves();
    say(
        "counted %,d wave%s of %,d words, %,d wrong",
        waves, waves == 1 ? "" : "s", text.words(), progress.wrong());
    return progress.wrong() == 0 && !gaveUp ? 0 : 1;
  }

  private static SparkConf conf() {
    return new SparkConf()
        .setIfMissing("spark.app.name", "drill")
        .setIfMissing("spark.log.level", "WARN");
  }

  private static void say(String format, Object... values) {
    ERR.println(String.format(Locale.ROOT, format, values));
  }
}
