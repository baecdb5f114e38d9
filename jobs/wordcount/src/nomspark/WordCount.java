package nomspark;

import java.io.EOFException;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.zip.ZipException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Counts the words of a text on a Spark cluster. A word is a run of characters other than ASCII
 * white space; case matters. The driver writes result.tsv and summary.json to a local folder.
 */
public final class WordCount {
  /** The standard error, always in UTF-8. */
  private static final PrintStream ERR = new PrintStream(System.err, true, StandardCharsets.UTF_8);

  private WordCount() {}

  /** Exits with 0, with 2 or 66 and one sentence, or with 1 and a stack trace. */
  public static void main(String[] words) {
    System.exit(run(words, Limits.DEFAULT));
  }

  /** Does the whole work and returns the exit code. */
  static int run(String[] words, Limits limits) {
    try {
      Arguments arguments = Arguments.parse(words);
      Results results = new Results(Path.of(arguments.output));
      // Upload and start-up of Spark overlap: the wait begins when the context is there.
      try (JavaSparkContext sc = new JavaSparkContext(conf())) {
        results.write(count(sc, arguments, limits), arguments.top);
      } catch (Exception e) {
        throw refused(arguments, e);
      }
      say("wrote %,d distinct words of %,d", results.distinct(), results.total());
      return 0;
    } catch (ExitException e) {
      say("%s", e.getMessage());
      return e.code();
    } catch (Exception e) {
      e.printStackTrace(ERR);
      return 1;
    }
  }

  private static SparkConf conf() {
    return new SparkConf()
        .setIfMissing("spark.app.name", "wordcount")
        .setIfMissing("spark.log.level", "WARN")
        .setIfMissing("spark.serializer", "org.apache.spark.serializer.KryoSerializer");
  }

  private static Iterator<LineBlock> count(
      JavaSparkContext sc, Arguments arguments, Limits limits)
      throws ExitException, InterruptedException, IOException {
    JavaPairRDD<String, Long> words;
    long bytes;
    boolean small;
    if (arguments.upload != null) {
      File file = new File(arguments.upload).getAbsoluteFile();
      say("waiting for %s", file);
      Upload.await(file, arguments.uploadTimeout);
      File text = Decompression.text(file, sc.hadoopConfiguration());
      bytes = text.length();
      small = bytes <= limits.smallBytes();
      words = Counting.upload(sc, text, bytes, limits);
    } else {
      InputFiles files = InputFiles.find(arguments.input, sc.hadoopConfiguration());
      bytes = files.bytes();
      small = bytes <= limits.smallBytes() && !files.compressed();
      words = Counting.uri(sc, arguments.input, bytes, limits);
    }
    int ranges = words.getNumPartitions();
    say("counting %,d bytes of input in %,d range%s", bytes, ranges, ranges == 1 ? "" : "s");
    return small ? Counting.sortSmall(words) : Counting.sortLarge(sc, words, limits);
  }

  /**
   * The sentence for a job that failed because an executor cannot read what the driver can, for
   * example a local folder of the driver's host; any other failure comes back as it is.
   */
  private static Exception refused(Arguments arguments, Exception failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (arguments.input != null
          && (cause instanceof FileNotFoundException
              || cause instanceof EOFException
              || cause instanceof ZipException
              || cause instanceof AccessDeniedException
              || cause instanceof AccessControlException)) {
        return InputFiles.unreadable(arguments.input, cause);
      }
    }
    return failure;
  }

  private static void say(String format, Object... values) {
    ERR.println(String.format(Locale.ROOT, format, values));
  }
}
