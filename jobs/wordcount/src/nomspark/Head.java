package nomspark;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/** Looks at the first bytes of files, as Hadoop reads them: to refuse what is no text before it is counted. */
final class Head {
  /** Files of a store answer slowly, and a folder can have thousands. */
  private static final int AT_ONCE = 16;

  private Head() {}

  /** Refuses the first of the files that Hadoop would not read as text. */
  static void check(List<Path> files, Configuration conf)
      throws ExitException, IOException, InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    try {
      List<Future<String>> problems =
          threads.invokeAll(
              files.stream()
                  .map(file -> (java.util.concurrent.Callable<String>) () -> problem(file, conf))
                  .collect(Collectors.toList()));
      for (int i = 0; i < problems.size(); i++) {
        String problem = problems.get(i).get();
        if (problem != null) {
          throw new ExitException(ExitException.NO_INPUT, "input " + files.get(i) + " " + problem);
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } finally {
      threads.shutdownNow();
    }
  }

  /** What is wrong with a file, or null. */
  private static String problem(Path file, Configuration conf) throws IOException {
    FileSystem system = file.getFileSystem(conf);
    byte[] raw;
    try (InputStream input = system.open(file)) {
      raw = input.readNBytes(InputFormat.HEAD_BYTES);
    }
    if (raw.length == 0) {
      return null;
    }
    CompressionCodec codec = new CompressionCodecFactory(conf).getCodec(file);
    if (codec == null) {
      String compression = InputFormat.compression(raw);
      if (compression != null) {
        String ending = compression.equals("gzip") ? ".gz" : ".bz2";
        return "is compressed (" + compression + "), which Hadoop knows by the ending " + ending
            + " alone: rename it";
      }
      return inWords(raw, "");
    }
    // Hadoop reads what has the ending of one codec with that codec, whatever is in it.
    try (InputStream input = codec.createInputStream(system.open(file))) {
      return inWords(input.readNBytes(InputFormat.HEAD_BYTES), "decompressed ");
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      return "cannot be decompressed as its ending says ("
          + codec.getClass().getSimpleName() + "): " + e.getMessage();
    }
  }

  /** A sentence for what is no text, or null. */
  static String inWords(byte[] head, String before) {
    String format = InputFormat.notText(head);
    if (format == null && !before.isEmpty() && InputFormat.compression(head) != null) {
      format = "compressed once more";
    }
    return format == null ? null : "is not plain text: " + before + "it looks like " + format;
  }
}
