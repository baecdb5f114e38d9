package nomspark.recovery;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/**
 * What a master writes down, as the values that Consul keeps. Spark's own objects are bytes here. A value in Consul has
 * at most 512 kB, and so has a transaction, in which three bytes are four characters: a longer record is cut.
 *
 * <p>The first line of the first value says what follows: {@code nomspark-record 1 SPARK-VERSION BYTES PARTS CRC32}.
 */
final class Record {
  /** What cannot be understood, and why. */
  static final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreadable(String reason) {
      super(reason);
    }
  }

  /** Bytes of a value. */
  static final int PART = 256 * 1024;

  private static final String MAGIC = "nomspark-record";
  private static final String FORMAT = "1";
  private static final int LONGEST_HEADER = 200;

  private Record() {}

  /** The values of a record: the first one, and what follows it. */
  static List<byte[]> encode(byte[] content, String sparkVersion) {
    List<byte[]> values = new ArrayList<>();
    values.add(new byte[0]);
    for (int start = PART; start < content.length; start += PART) {
      values.add(Arrays.copyOfRange(content, start, Math.min(start + PART, content.length)));
    }
    String header =
        String.join(
            " ",
            MAGIC,
            FORMAT,
            sparkVersion,
            Integer.toString(content.length),
            Integer.toString(values.size()),
            Long.toHexString(checksum(content)));
    byte[] line = (header + "\n").getBytes(StandardCharsets.UTF_8);
    int first = Math.min(PART, content.length);
    byte[] value = Arrays.copyOf(line, line.length + first);
    System.arraycopy(content, 0, value, line.length, first);
    values.set(0, value);
    return values;
  }

  /**
   * The content of a record.
   *
   * @param parts the values after the first one, in their order
   */
  static byte[] decode(byte[] first, List<byte[]> parts, String sparkVersion) throws Unreadable {
    int end = 0;
    while (end < first.length && end < LONGEST_HEADER && first[end] != '\n') {
      end++;
    }
    String[] header = new String(first, 0, end, StandardCharsets.UTF_8).split(" ");
    if (header.length != 6 || !header[0].equals(MAGIC) || end == first.length || first[end] != '\n') {
      throw new Unreadable("it was not written by a master of nomspark");
    }
    if (!header[1].equals(FORMAT)) {
      throw new Unreadable("it has the form " + header[1] + " of another version of nomspark");
    }
    if (!header[2].equals(sparkVersion)) {
      throw new Unreadable("it was written by Spark " + header[2] + ", this is Spark " + sparkVersion);
    }
    try {
      return checked(first, end + 1, parts, header);
    } catch (NumberFormatException | ArithmeticException error) {
      throw new Unreadable("its first line is damaged");
    }
  }

  private static byte[] checked(byte[] first, int start, List<byte[]> parts, String[] header) throws Unreadable {
    int present = first.length - start;
    for (byte[] part : parts) {
      present = Math.addExact(present, part.length);
    }
    if (present != Integer.parseInt(header[3]) || parts.size() + 1 != Integer.parseInt(header[4])) {
      throw new Unreadable(
          String.format("%s bytes in %s parts are expected, %d in %d are there", header[3], header[4], present, parts.size() + 1));
    }
    byte[] content = new byte[present];
    System.arraycopy(first, start, content, 0, first.length - start);
    int next = first.length - start;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, content, next, part.length);
      next += part.length;
    }
    if (checksum(content) != Long.parseLong(header[5], 16)) {
      throw new Unreadable("its bytes do not have their checksum");
    }
    return content;
  }

  private static long checksum(byte[] content) {
    CRC32 checksum = new CRC32();
    checksum.update(content);
    return checksum.getValue();
  }
}
