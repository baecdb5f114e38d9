package nomspark;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Checks the application without a cluster: its parts on their own, then whole runs inside this JVM
 * (spark-submit with a local master). Prints what it checks and exits with 1 at the first difference.
 */
public final class SelfCheck {
  /** So small that a few kilobytes run through every path: many ranges, full tables, a real sort. */
  private static final Limits TINY = new Limits(20_000, 100, 64, 7, 40_000);

  /** Spaces of all six kinds, words of one to four bytes per character, and bytes that are not UTF-8. */
  private static final byte[][] PIECES = {
    utf8(" "), utf8("\t"), utf8("\n"), utf8("\u000b"), utf8("\f"), utf8("\r\n"), utf8("a"), utf8("b"),
    utf8("Z"), utf8("\""), utf8("\\"), utf8("\0"), utf8("\u001c"), utf8("é"), utf8("\u0085"),
    utf8("\u3000"), utf8("\uffee"), utf8("😀"), {(byte) 0xff}, {(byte) 0xc3}, {(byte) 0xf0, (byte) 0x9f}
  };

  private final Path folder;

  private SelfCheck(Path folder) {
    this.folder = folder;
  }

  /** Takes one argument: an empty folder for files. */
  public static void main(String[] args) throws Exception {
    SelfCheck check = new SelfCheck(Path.of(args[0]));
    check.ranges();
    check.order();
    check.json();
    check.arguments();
    check.inputFiles();
    check.uploads();
    check.formats();
    check.runs();
    System.exit(0);
  }

  private void ranges() throws IOException {
    say("every word is counted once wherever a text is cut");
    byte[] text = utf8("\r\n one  two é😀é one\tlonger-than-a-buffer\n\nx");
    File file = write("ranges.txt", text).toFile();
    Map<String, Long> expected = count(text);
    for (int buffer : new int[] {1, 2, 3, 7, 4096}) {
      for (int first = 1; first < text.length; first++) {
        for (int second = first + 1; second <= text.length; second++) {
          Map<String, Long> found = new HashMap<>();
          countRange(file, 0, first, buffer, found);
          countRange(file, first, second, buffer, found);
          if (second < text.length) {
            countRange(file, second, text.length, buffer, found);
          }
          same("cut at " + first + " and " + second, expected, found);
        }
      }
    }
    for (int size = 1; size <= text.length + 1; size++) {
      Map<String, Long> found = new HashMap<>();
      for (long start : TextRange.starts(text.length, size)) {
        countRange(file, start, Math.min(text.length, start + size), 5, found);
      }
      same("ranges of " + size + " bytes", expected, found);
    }
    same("no range of an empty file", List.of(), TextRange.starts(0, 10));
  }

  private static void countRange(
      File file, long start, long end, int buffer, Map<String, Long> counts) throws IOException {
    TextRange range = new TextRange(file, start, end, buffer);
    new CountedWords(range, new WordTable(8, 2))
        .forEachRemaining(word -> counts.merge(word._1(), word._2(), Long::sum));
    range.close();
  }

  private static void order() {
    say("words are ordered as their UTF-8 bytes");
    String[] words = {"", "a", "aa", "b", "é", "\ud7ff", "\ue000", "\uffff", "😀", "😀a", "😁", "a😀"};
    for (String a : words) {
      for (String b : words) {
        int byBytes = Arrays.compareUnsigned(utf8(a), utf8(b));
        int found = ByCountThenWord.compareWords(a, b);
        same(a + " against " + b, Integer.signum(byBytes), Integer.signum(found));
      }
    }
  }

  private static void json() throws IOException {
    say("JSON strings are escaped");
    StringWriter out = new StringWriter();
    Results.writeJsonString(out, "a\"b\\c\0\u001fé😀/");
    same("JSON string", "\"a\\\"b\\\\c\\u0000\\u001fé😀/\"", out.toString());
  }

  private static void arguments() throws ExitException {
    say("the command line is read strictly");
    Arguments good = Arguments.parse("--upload f --output d --top 0 --upload-timeout 5".split(" "));
    same("--upload", "f", good.upload);
    same("--output", "d", good.output);
    same("--top", 0, good.top);
    same("--upload-timeout", 5, good.uploadTimeout);
    for (String wrong :
        new String[] {
          "", "--output d", "--input a", "--input a --upload b --output d", "--input a --output",
          "--input a --output d --top -1", "--input a --output d --top x", "--input a --output d x",
          "--input a --input b --output d", "--input a --output d --unknown 1",
          "--upload a --output d --upload-timeout 0"
        }) {
      String[] words = wrong.isEmpty() ? new String[0] : wrong.split(" ");
      same("exit code of '" + wrong + "'", 2, WordCount.run(words, TINY));
    }
  }

  private void inputFiles() throws Exception {
    say("inputs that are not there are refused");
    org.apache.hadoop.conf.Configuration conf = new org.apache.hadoop.conf.Configuration();
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path nested = Files.createDirectories(folder.resolve("nested/inner")).getParent();
    for (String wrong :
        new String[] {
          folder.toUri() + "missing", folder.toUri() + "miss*", empty.toUri().toString(),
          nested.toUri().toString(), "nosuchscheme://x/y", ":"
        }) {
      try {
        InputFiles.find(wrong, conf);
        throw new AssertionError(wrong + " is accepted");
      } catch (ExitException e) {
        same("exit code for " + wrong, 66, e.code());
        same("lines of " + e.getMessage(), 1L, e.getMessage().lines().count());
      }
    }
    write("nested/a.txt", utf8("12345"));
    write("nested/b.gz", gzip(utf8("12")));
    write("nested/_hidden", utf8("1"));
    InputFiles found = InputFiles.find(nested.toUri() + "[ab]*", conf);
    same("bytes of a pattern", 5L + gzip(utf8("12")).length, found.bytes());
    same("compressed", true, found.compressed());
  }

  private void uploads() throws Exception {
    say("an upload is awaited as long as it grows");
    File file = folder.resolve("late.txt").toFile();
    Path part = folder.resolve("late.txt.part");
    Thread writer =
        new Thread(
            () -> {
              try {
                for (int i = 1; i <= 6; i++) {
                  Files.write(part, new byte[i]);
                  Thread.sleep(300);
                }
                Files.move(part, file.toPath());
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    writer.start();
    Upload.await(file, 1);
    writer.join();
    refused(folder.resolve("never.txt").toFile(), "made no progress for 1 seconds");
    refused(folder.toFile(), "is not a readable file");
  }

  private static void refused(File file, String reason) throws InterruptedException {
    try {
      Upload.await(file, 1);
      throw new AssertionError(file + " is accepted");
    } catch (ExitException e) {
      same("exit code for " + file, 66, e.code());
      same("reason in: " + e.getMessage(), true, e.getMessage().contains(reason));
    }
  }

  private void runs() throws IOException {
    Random random = new Random(1);
    byte[] text = randomText(random, 60_000);
    run("a text of any bytes, all in one task", text, Limits.DEFAULT);
    run("a text of any bytes, in many ranges and sorted parts", text, TINY);
    run("an empty text", new byte[0], TINY);
    run("a text of white space", utf8(" \t\n\u000b\f\r".repeat(1000)), TINY);
    run("carriage returns alone", utf8("alpha beta\ralpha\ralpha"), TINY);
    run("spaces outside of ASCII", utf8("alpha\u00a0beta alpha\u3000beta\u2028alpha\n"), TINY);
    run("one long word", utf8("é".repeat(20_000)), TINY);
    run("a byte order mark", utf8("\ufeffalpha beta\nalpha"), utf8("alpha beta\nalpha"), ".txt");
    run("a byte order mark alone", utf8("\ufeff"), new byte[0], ".txt");
    run("gzip", gzip(text), text, ".gz");
    byte[] half = Arrays.copyOf(text, text.length / 2);
    byte[] rest = Arrays.copyOfRange(text, text.length / 2, text.length);
    run("gzip of two members", join(gzip(half), gzip(rest)), text, ".gz");
    run("bzip2", bzip2(text), text, ".bz2");
    run("bzip2 of two streams", join(bzip2(half), bzip2(rest)), text, ".bz2");
    run("gzip of nothing", gzip(new byte[0]), new byte[0], ".gz");
    run("gzip with a byte order mark", gzip(utf8("\ufeffa b")), utf8("a b"), ".gz");
  }

  /** What is no text, or not what its ending says, is refused by both ways in one sentence. */
  private void formats() throws IOException {
    byte[] text = utf8("the cat sat on the mat\n".repeat(100));
    byte[] cut = Arrays.copyOf(gzip(randomText(new Random(2), 9_000)), 500);
    byte[] tar = new byte[1024];
    System.arraycopy(utf8("ustar"), 0, tar, 257, 5);
    Map<String, byte[]> wrong = new TreeMap<>();
    wrong.put("utf16.txt", "alpha beta".getBytes(StandardCharsets.UTF_16));
    wrong.put("utf16le.txt", "alpha beta".getBytes(StandardCharsets.UTF_16LE));
    wrong.put("utf16be.txt", "alpha beta".getBytes(StandardCharsets.UTF_16BE));
    wrong.put("cyrillic.txt", "\u043c\u0438\u0440 ".repeat(9).getBytes(StandardCharsets.UTF_16LE));
    wrong.put("program", join(utf8("\u007fELF"), new byte[300]));
    wrong.put("program.gz", gzip(join(utf8("\u007fELF"), new byte[300])));
    wrong.put("book.zip", join(utf8("PK\u0003\u0004"), text));
    wrong.put("tar.gz", gzip(tar));
    wrong.put("twice.gz", gzip(gzip(text)));
    wrong.put("cut.gz", cut);
    for (Map.Entry<String, byte[]> file : wrong.entrySet()) {
      say("refused by both ways: " + file.getKey());
      Path path = write(file.getKey(), file.getValue());
      same("exit code of the upload", 66, counted("--upload", path.toString()));
      same("exit code of the URI", 66, counted("--input", path.toUri().toString()));
    }
    say("compressed files without their endings, and endings without compression");
    same("by URI", 66, counted("--input", write("no-ending", gzip(text)).toUri().toString()));
    same("by URI", 66, counted("--input", write("text.gz", text).toUri().toString()));
    same("uploaded", 0, counted("--upload", write("up-no-ending", gzip(text)).toString()));
    same("uploaded", 0, counted("--upload", write("up-text.gz", text).toString()));
    for (String name : new String[] {"a b.txt", "100%.txt", "a%20b.txt", "it's.txt"}) {
      say("a URI is a text: " + name);
      String folder = write(name, text).getParent().toUri().toString();
      same("exit code", 0, counted("--input", folder + name));
    }
  }

  private int counted(String option, String input) {
    String output = folder.resolve("output").toString();
    return WordCount.run(new String[] {option, input, "--output", output}, Limits.DEFAULT);
  }

  private static byte[] gzip(byte[] text) throws IOException {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    try (var out = new java.util.zip.GZIPOutputStream(bytes)) {
      out.write(text);
    }
    return bytes.toByteArray();
  }

  private static byte[] bzip2(byte[] text) throws IOException {
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    var codec = new org.apache.hadoop.io.compress.BZip2Codec();
    codec.setConf(new org.apache.hadoop.conf.Configuration());
    try (var out = codec.createOutputStream(bytes)) {
      out.write(text);
    }
    return bytes.toByteArray();
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Runs the application on a text, given both as an upload and as a URI. */
  private void run(String what, byte[] text, Limits limits) throws IOException {
    run(what, text, text, ".txt", limits);
  }

  private void run(String what, byte[] bytes, byte[] text, String ending) throws IOException {
    run(what, bytes, text, ending, TINY);
  }

  private void run(String what, byte[] bytes, byte[] text, String ending, Limits limits)
      throws IOException {
    // A name that needs escaping in a URI.
    Path upload = write("a text #1%" + ending, bytes);
    Path input = write("plain" + ending, bytes);
    Path output = folder.resolve("output");
    for (String option : new String[] {"--upload", "--input"}) {
      say("run with " + option + ": " + what);
      String file = option.equals("--upload") ? upload.toString() : input.toUri().toString();
      String[] words = {option, file, "--output", output.toString(), "--top", "3"};
      same("exit code", 0, WordCount.run(words, limits));
      checkResults(text, output);
    }
  }

  private static void checkResults(byte[] text, Path output) throws IOException {
    List<Map.Entry<String, Long>> expected = new ArrayList<>(count(text).entrySet());
    expected.sort(
        (a, b) -> {
          int byCount = Long.compare(b.getValue(), a.getValue());
          return byCount != 0 ? byCount : Arrays.compareUnsigned(utf8(a.getKey()), utf8(b.getKey()));
        });
    StringBuilder table = new StringBuilder();
    long total = 0;
    for (Map.Entry<String, Long> word : expected) {
      table.append(word.getValue()).append('\t').append(word.getKey()).append('\n');
      total += word.getValue();
    }
    same("result.tsv", table.toString(), Files.readString(output.resolve("result.tsv")));
    String summary = Files.readString(output.resolve("summary.json"));
    String head =
        "{\"total_words\":" + total + ",\"distinct_words\":" + expected.size() + ",\"top\":[";
    same("start of summary.json", head, summary.substring(0, head.length()));
  }

  /** Counts in the plainest way there is. */
  private static Map<String, Long> count(byte[] text) {
    Map<String, Long> counts = new TreeMap<>();
    int start = 0;
    for (int i = 0; i <= text.length; i++) {
      if (i == text.length || " \t\n\u000b\f\r".indexOf(text[i]) >= 0) {
        if (i > start) {
          counts.merge(new String(text, start, i - start, StandardCharsets.UTF_8), 1L, Long::sum);
        }
        start = i + 1;
      }
    }
    return counts;
  }

  private static byte[] randomText(Random random, int pieces) {
    java.io.ByteArrayOutputStream text = new java.io.ByteArrayOutputStream();
    for (int i = 0; i < pieces; i++) {
      text.writeBytes(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toByteArray();
  }

  private static void same(String what, Object expected, Object found) {
    if (!expected.equals(found)) {
      throw new AssertionError(what + ": expected " + brief(expected) + ", found " + brief(found));
    }
  }

  private static String brief(Object value) {
    String text = value.toString();
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void say(String what) {
    System.out.println("check: " + what);
  }
}
