package nomspark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathFilter;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.mapred.FileInputFormat;
import org.apache.hadoop.mapred.JobConf;

/**
 * Finds the files that Hadoop's FileInputFormat will read for a URI, before any task starts: to know
 * how much there is to do, and to refuse an input that is not there in one clear sentence.
 */
final class InputFiles {
  /** Hadoop's own rule: such names are side files of a job, not input. */
  private static final PathFilter NOT_HIDDEN =
      path -> !path.getName().startsWith("_") && !path.getName().startsWith(".");

  private final String uri;
  private final JobConf conf;
  private final CompressionCodecFactory codecs;
  private final List<Path> files = new ArrayList<>();
  private long bytes;
  private boolean compressed;

  private InputFiles(String uri, Configuration hadoop) {
    this.uri = uri;
    this.conf = new JobConf(hadoop);
    this.codecs = new CompressionCodecFactory(conf);
  }

  static InputFiles find(String uri, Configuration hadoop)
      throws ExitException, InterruptedException {
    InputFiles found = new InputFiles(uri, hadoop);
    try {
      FileInputFormat.setInputPaths(found.conf, uri);
      for (Path path : FileInputFormat.getInputPaths(found.conf)) {
        found.match(path);
      }
      if (found.files.isEmpty()) {
        throw found.refuse("has no files");
      }
      Head.check(found.files, found.conf);
    } catch (IOException | IllegalArgumentException e) {
      throw unreadable(uri, e);
    }
    return found;
  }

  /** How many bytes the files have, before any decompression. */
  long bytes() {
    return bytes;
  }

  /** Whether {@link #bytes} can be far less than the text. */
  boolean compressed() {
    return compressed;
  }

  /** An input that is there but cannot be read, with the reason on one line. */
  static ExitException unreadable(String input, Throwable reason) {
    String text = String.valueOf(reason.getMessage()).lines().findFirst().orElse("no reason given");
    return new ExitException(
        ExitException.NO_INPUT,
        "input " + input + " cannot be read: " + reason.getClass().getSimpleName() + ": " + text);
  }

  private void match(Path path) throws IOException, ExitException {
    FileSystem system = path.getFileSystem(conf);
    FileStatus[] matches = system.globStatus(path, NOT_HIDDEN);
    if (matches == null || matches.length == 0) {
      boolean pattern = uri.matches(".*[\\[\\]{}*?].*");
      throw refuse(
          pattern
              ? "does not exist: [ ] { } * ? are a pattern; write ? for each of them that is in a name"
              : "does not exist");
    }
    for (FileStatus match : matches) {
      if (match.isDirectory()) {
        for (FileStatus child : system.listStatus(match.getPath(), NOT_HIDDEN)) {
          add(child);
        }
      } else {
        add(match);
      }
    }
  }

  private void add(FileStatus file) throws ExitException {
    if (file.isDirectory()) {
      throw refuse("has the folder " + file.getPath() + " in it, where only files can be read");
    }
    files.add(file.getPath());
    bytes += file.getLen();
    compressed |= codecs.getCodec(file.getPath()) != null;
  }

  private ExitException refuse(String problem) {
    return new ExitException(ExitException.NO_INPUT, "input " + uri + " " + problem);
  }
}
