package nomspark;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;

/**
 * The two files of the result. Each is written under another name and then renamed, so a reader
 * never sees half of one; summary.json comes last, so once it is there all is there.
 */
final class Results {
  private final Path table;
  private final Path summary;
  private long total;
  private long distinct;

  /** Makes the folder and removes the results of an earlier run. */
  Results(Path folder) throws IOException {
    Files.createDirectories(folder);
    table = folder.resolve("result.tsv");
    summary = folder.resolve("summary.json");
    Files.deleteIfExists(summary);
    Files.deleteIfExists(table);
  }

  /** How many words the text has. */
  long total() {
    return total;
  }

  /** How many different words the text has. */
  long distinct() {
    return distinct;
  }

  /** Writes both files; the summary lists the first {@code top} words. */
  void write(Iterator<LineBlock> blocks, int top) throws IOException {
    Path part = part(table);
    try (OutputStream out = Files.newOutputStream(part)) {
      while (blocks.hasNext()) {
        LineBlock block = blocks.next();
        out.write(block.lines);
        total += block.total;
        distinct += block.distinct;
      }
    }
    publish(part, table);

    part = part(summary);
    try (BufferedWriter out = Files.newBufferedWriter(part)) {
      writeSummary(out, top);
    }
    publish(part, summary);
  }

  private void writeSummary(Writer out, int top) throws IOException {
    out.write("{\"total_words\":" + total + ",\"distinct_words\":" + distinct + ",\"top\":[");
    // The table is in the right order already, and words hold neither tabs nor line ends.
    try (BufferedReader lines = Files.newBufferedReader(table)) {
      for (int i = 0; i < Math.min(top, distinct); i++) {
        String line = lines.readLine();
        int tab = line.indexOf('\t');
        out.write(i == 0 ? "[" : ",[");
        writeJsonString(out, line.substring(tab + 1));
        out.write("," + line.substring(0, tab) + "]");
      }
    }
    out.write("]}\n");
  }

  /** Writes a JSON string: quotes, backslashes and control characters have to be escaped. */
  static void writeJsonString(Writer out, String text) throws IOException {
    out.write('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.write('\\');
        out.write(c);
      } else if (c < ' ') {
        out.write(String.format("\\u%04x", (int) c));
      } else {
        out.write(c);
      }
    }
    out.write('"');
  }

  private static Path part(Path file) {
    return file.resolveSibling(file.getFileName() + ".part");
  }

  private static void publish(Path part, Path file) throws IOException {
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
