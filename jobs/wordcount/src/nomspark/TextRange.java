package nomspark;

import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * One range of bytes of a local file. It yields the words that start in it: a word that began before
 * the range is left out, and the last word is read to its end even past the range. So every word of
 * a file is counted once, wherever the file is cut.
 */
final class TextRange implements WordSource, Closeable {
  private final FileInputStream input;
  private final byte[] buffer;
  private final long end;

  /** Offset in the file of the next byte to read. */
  private long position;

  /** Whether all bytes so far belong to a word that began before the range. */
  private boolean skipping;

  /**
   * @param start offset of the first byte
   * @param end offset behind the last byte, greater than start
   * @param bufferBytes how many bytes are read at a time
   */
  TextRange(File file, long start, long end, int bufferBytes) throws IOException {
    this.input = new FileInputStream(file);
    this.buffer = new byte[bufferBytes];
    this.end = end;
    // The byte before the range tells whether a word goes on at its start.
    this.skipping = start > 0;
    this.position = skipping ? start - 1 : start + markBytes(input);
    input.getChannel().position(position);
  }

  /** How long the byte order mark is with which the file begins: Hadoop leaves it out as well. */
  private static int markBytes(FileInputStream input) throws IOException {
    return InputFormat.hasMark(input.readNBytes(3)) ? 3 : 0;
  }

  /** The offsets at which a file of {@code length} bytes is cut; an empty file has no range. */
  static List<Long> starts(long length, long rangeBytes) {
    List<Long> starts = new ArrayList<>();
    for (long start = 0; start < length; start += rangeBytes) {
      starts.add(start);
    }
    return starts;
  }

  @Override
  public boolean feed(WordTable table) throws IOException {
    int count = input.read(buffer);
    if (count < 0) {
      return false;
    }
    int inside = (int) Math.min(count, Math.max(0, end - position));
    position += count;
    int from = 0;
    if (skipping) {
      from = nextSpace(0, inside);
      skipping = from == inside;
    }
    table.feed(buffer, from, inside);
    if (position < end) {
      return true;
    }
    if (skipping || !table.inWord()) {
      return false;
    }
    int wordEnd = nextSpace(inside, count);
    table.feed(buffer, inside, wordEnd);
    return wordEnd == count;
  }

  @Override
  public void close() {
    try {
      input.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private int nextSpace(int from, int to) {
    while (from < to && !WordTable.isSpace(buffer[from])) {
      from++;
    }
    return from;
  }
}
